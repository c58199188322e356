/**
 * What a bus client hears: frames as the broker writes them, checked and read as the client does (transports/bus/frame-reader.ts), with
 * the promise that an acceptance settles.
 */

import { FrameReader } from '../../transports/bus/frame-reader.js';
import type { HolderShare, LinkEvents } from '../../transports/bus/link.js';
import { PendingQueue } from '../../transports/bus/pending.js';
import { ItemWriter } from '../../transports/bus/router/item-writer.js';
import * as wire from '../../transports/bus/wire.js';
import { type Field, type FrameCodec, unsound } from './frame-codec.js';
import { StillLoop } from './still-loop.js';

const { FrameKind } = wire;
const loop = new StillLoop();
const view = loop.sendView;

/** Tells at once what it settles a promise with. */
class ToldQueue extends PendingQueue {
  override accept(firstSerial: number, count: number, firstSequence: number): boolean {
    hear(firstSerial, count, firstSequence);
    return super.accept(firstSerial, count, firstSequence);
  }

  override tellHolders(serial: number, shares: readonly HolderShare[]): boolean {
    hear(serial);
    for (const { account, handles: count } of shares) read.push(account, count);
    return super.tellHolders(serial, shares);
  }
}

const pending = new ToldQueue();
const reader = new FrameReader(loop, pending);
const writer = new ItemWriter(loop, () => -1);
const noDescriptors: readonly number[] = [];
const read: Field[] = [];

function hear(...fields: readonly Field[]): void {
  read.length = fields.length;
  for (let index = 0; index < fields.length; index += 1) read[index] = fields[index] ?? 0;
}

const events: LinkEvents = {
  welcomed: hear,
  message: (sequence, account, credentials, word, generation, replyWord, replyGeneration, handles) => {
    hear(sequence, account, credentials?.pid ?? -1, word, generation, replyWord, replyGeneration);
    read.push(...handles);
  },
  answer: (sequence, tag, handles) => {
    hear(sequence, tag);
    read.push(...handles);
  },
  lost: hear,
  callRefused: hear,
  gone: hear,
  unused: hear,
  writableAgain: hear,
  fault: (error) => {
    throw error;
  },
  disconnected: unsound,
};

function heard(length: number): readonly Field[] {
  if (wire.brokerPacketFault(view, 0, length, 0) !== wire.Fault.None) unsound();
  if (!reader.read(0, view.getUint8(4), noDescriptors, events)) unsound();
  return read;
}

function codec(
  name: string,
  fields: readonly Field[],
  encode: () => number,
  decode: (length: number) => readonly Field[] = heard,
): FrameCodec {
  return { transport: 'bus', name, arena: loop.sendBytes, fields, encode, decode };
}

type Item = Parameters<ItemWriter['write']>[1];

/** An item of the core, as its router has it in hand when it writes. */
function item(kind: Item['kind'], more: Partial<Item>): Item {
  return {
    kind,
    sequence,
    word: 8,
    generation: 1,
    sender: undefined,
    showsCredentials: false,
    payload: undefined,
    handles: [],
    replyWord: 0,
    replyGeneration: 0,
    tag: 0,
    code: 0,
    blame: 0,
    transfersSeen: 0,
    flow: undefined,
    chargedBytes: 0,
    chargedHandles: 0,
    chargedDescriptors: 0,
    newHandles: 0,
    subject: 0,
    call: undefined,
    previous: undefined,
    next: undefined,
    ...more,
  };
}

/** Behind 2^32, where both words of a sequence number count. */
const sequence = 3 * 2 ** 32 + 17;

function itemCodec(name: string, fields: readonly Field[], what: Item): FrameCodec {
  return codec(name, fields, () => {
    loop.rewind();
    return writer.write(loop.socket, what);
  });
}

/** Words of a greeting, which the link itself reads. */
function greeting(length: number): readonly Field[] {
  if (wire.brokerPacketFault(view, 0, length, 0) !== wire.Fault.None) unsound();
  if (view.getUint32(8, true) !== wire.magic) unsound();
  read.length = 0;
  for (let at = 12; at < length; at += 4) read.push(view.getUint32(at, true));
  return read;
}

const waiting = {
  refused: (refusal: number, position: number) => hear(refusal, position),
  outcome: (position: number, refusal: number) => void read.push(position, refusal),
};

/** Something waits for the frame. */
function awaited(length: number): readonly Field[] {
  read.length = 0;
  void pending.add(4711, waiting);
  return heard(length);
}

function writeOutcomes(): number {
  const bytes = wire.outcomesHeadBytes + 8;
  wire.writeHeader(view, 0, bytes, FrameKind.Outcomes, 0, 0);
  view.setUint32(8, 4711, true);
  view.setUint32(12, 4, true);
  wire.writeSequence(view, 16, sequence);
  for (let index = 0; index < 4; index += 1) view.setUint16(wire.outcomesHeadBytes + 2 * index, index, true);
  return bytes;
}

function writeHolders(): number {
  const bytes = wire.listHeadBytes + wire.idBytes;
  wire.writeHeader(view, 0, bytes, FrameKind.HolderList, 0, 0);
  view.setUint32(8, 4711, true);
  view.setUint32(12, 1, true);
  view.setUint32(wire.listHeadBytes, 3, true);
  view.setUint32(wire.listHeadBytes + 4, 12, true);
  return bytes;
}

const handles = [17, 1, 25, 2];

export const busEvents: readonly FrameCodec[] = [
  codec(
    'Welcome',
    [wire.version, 3, 0, 9, 1],
    () => {
      wire.writeWelcome(view, 0, 3, 9, 1);
      return wire.welcomeBytes;
    },
    greeting,
  ),
  codec(
    'Close',
    [6],
    () => {
      wire.writeClose(view, 0, 6);
      return wire.closeBytes;
    },
    greeting,
  ),
  itemCodec('Message', [sequence, 0, -1, 8, 1, 0, 0], item(1, {})),
  itemCodec(
    'Message, a call with credentials and two handles',
    [sequence, 0, 0, 8, 1, 33, 1, ...handles],
    item(1, { showsCredentials: true, replyWord: 33, replyGeneration: 1, handles }),
  ),
  itemCodec('Answer', [sequence, 4711], item(2, { tag: 4711 })),
  itemCodec('Lost', [4711, wire.refusalOf(9, 2)], item(3, { tag: 4711, code: 9, blame: 2 })),
  itemCodec('Gone', [9, 1], item(4, { word: 9 })),
  itemCodec('Unused', [8, 1, 5], item(5, { transfersSeen: 5 })),
  itemCodec('Writable', [9, 1], item(6, { word: 9 })),
  codec(
    'Accepted',
    [4711, 1, sequence],
    () => {
      wire.writeAccepted(view, 0, 4711, 1, sequence);
      return wire.noticeBytes;
    },
    awaited,
  ),
  codec('Refused', [4711, 9], () => {
    wire.writeRefused(view, 0, 12, 4711, 9, 0);
    return wire.noticeBytes;
  }),
  codec('Outcomes, of 4', [0, 0, 1, 1, 2, 2, 3, 3], writeOutcomes, awaited),
  codec('HolderList, of 1', [4711, 3, 12], writeHolders, (length) => {
    void pending.addHolders(4711);
    return heard(length);
  }),
];
