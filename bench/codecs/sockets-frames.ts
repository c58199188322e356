/** The frames of the sockets transport (transports/sockets/wire.ts), their payloads left out. */
import * as wire from '../../transports/sockets/wire.js';
import { type Field, type FrameCodec, unsound } from './frame-codec.js';

const { FrameKind, TransferKind } = wire;
const arena = new Uint8Array(4096);
const view = new DataView(arena.buffer);
const token = Uint8Array.from({ length: wire.sameTokenBytes }, (_, at) => 0xa0 + at);
const largeBytes = 1 << 20;
/** Reused: the transport hands fields on as arguments. */
const read: Field[] = [];

function words(length: number): readonly Field[] {
  if (!wire.isPacketSound(view, 0, length, wire.frameDescriptorsAt(view, 0))) unsound();
  read.length = 3;
  read[0] = wire.frameKindAt(view, 0);
  read[1] = wire.firstWordAt(view, 0);
  read[2] = wire.secondWordAt(view, 0);
  return read;
}

/** Serial, the payload's length, and the transfers. */
function message(length: number): readonly Field[] {
  if (!wire.isPacketSound(view, 0, length, wire.frameDescriptorsAt(view, 0))) unsound();
  const transfers = wire.secondWordAt(view, 0);
  read.length = 3 + 2 * transfers;
  read[0] = wire.frameKindAt(view, 0);
  read[1] = wire.firstWordAt(view, 0);
  read[2] = wire.messageBytesAt(view, 0);
  for (let index = 0; index < transfers; index += 1) {
    read[3 + 2 * index] = wire.transferKindAt(view, 0, index);
    read[4 + 2 * index] = wire.transferFenceAt(view, 0, index);
  }
  return read;
}

function codec(
  name: string,
  fields: readonly Field[],
  encode: () => number,
  decode: (length: number) => readonly Field[],
): FrameCodec {
  return { transport: 'sockets', name, arena, fields, encode, decode };
}

function short(
  name: string,
  kind: wire.FrameKind,
  descriptors: number,
  first: number,
  second: number,
): FrameCodec {
  const encode = (): number => {
    wire.writeShort(view, 0, kind, descriptors, first, second);
    return wire.shortFrameBytes;
  };
  return codec(name, [kind, first, second], encode, words);
}

function plainMessage(name: string, kind: wire.FrameKind, serial: number): FrameCodec {
  const encode = (): number => {
    const length = wire.messageFrameBytes(0, 0);
    wire.writeMessageHead(view, 0, length, kind, serial, 0, 0, 0);
    return length;
  };
  return codec(name, [kind, serial, 0], encode, message);
}

const greetings: readonly FrameCodec[] = [
  codec(
    'Hello',
    [1, 7],
    () => {
      wire.writeHello(view, 0, 7);
      return wire.helloBytes;
    },
    (length) => {
      if (!wire.isPacketSound(view, 0, length, 0)) unsound();
      read.length = 2;
      read[0] = Number(wire.isHelloUnderstood(view, 0));
      read[1] = wire.helloFenceAt(view, 0);
      return read;
    },
  ),
  codec(
    'Welcome',
    [1],
    () => {
      wire.writeWelcome(view, 0);
      return wire.welcomeBytes;
    },
    (length) => {
      if (!wire.isPacketSound(view, 0, length, 0)) unsound();
      read.length = 1;
      read[0] = Number(wire.isWelcomeUnderstood(view, 0));
      return read;
    },
  ),
];

const messages: readonly FrameCodec[] = [
  plainMessage('Message', FrameKind.Message, 0),
  plainMessage('Call', FrameKind.Call, 4711),
  plainMessage('Reply', FrameKind.Reply, 4711),
  codec(
    'Message, two transfers',
    [FrameKind.Message, 0, 0, TransferKind.Handle, 7, TransferKind.Reply, 0],
    () => {
      const length = wire.messageFrameBytes(2, 0);
      wire.writeMessageHead(view, 0, length, FrameKind.Message, 0, 2, 2, 0);
      wire.writeTransfer(view, 0, 0, TransferKind.Handle, 7);
      wire.writeTransfer(view, 0, 1, TransferKind.Reply, 0);
      return length;
    },
    message,
  ),
  codec(
    'Call, payload outside',
    [FrameKind.Call, 4711, largeBytes],
    () => {
      const length = wire.messageFrameBytes(0, wire.sealedPlaceBytes);
      wire.writeMessageHead(view, 0, length, FrameKind.Call, 4711, 0, 1, wire.sealedPlaceBytes);
      wire.writeSealedPlace(view, 0, 0, largeBytes);
      return length;
    },
    message,
  ),
];

export const socketsFrames: readonly FrameCodec[] = [
  ...greetings,
  short('Refuse', FrameKind.Refuse, 0, 6, 0),
  ...messages,
  short('ReplyLost', FrameKind.ReplyLost, 0, 4711, 0),
  short('ReplyAttach', FrameKind.ReplyAttach, 1, 4711, 7),
  short('Attach', FrameKind.Attach, 1, 7, 0),
  short('Ack', FrameKind.Ack, 0, 12, 0),
  codec(
    'Gone',
    [FrameKind.Gone],
    () => {
      wire.writeGone(view, 0);
      return wire.goneBytes;
    },
    (length) => {
      if (!wire.isPacketSound(view, 0, length, 0)) unsound();
      read.length = 1;
      read[0] = wire.frameKindAt(view, 0);
      return read;
    },
  ),
  codec(
    'Same',
    [4711, wire.SameStep.Ask, Buffer.from(token).toString('hex')],
    () => {
      wire.writeSame(view, 0, 4711, wire.SameStep.Ask, token);
      return wire.sameBytes;
    },
    (length) => {
      if (!wire.isPacketSound(view, 0, length, 0)) unsound();
      read.length = 3;
      read[0] = wire.firstWordAt(view, 0);
      read[1] = wire.secondWordAt(view, 0);
      read[2] = wire.sameTokenAt(view, 0);
      return read;
    },
  ),
  short('SameAnswer', FrameKind.SameAnswer, 0, 4711, wire.SameResult.Yes),
  short('Room', FrameKind.Room, 0, 1, 0),
];
