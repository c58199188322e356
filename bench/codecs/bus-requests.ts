/**
 * The requests of a bus client: written by the client's own link (transports/bus/socket-link.ts), checked as the broker checks a
 * packet, and their fields read. What the broker does with a request belongs to its core and is no codec.
 *
 * A link remembers what somebody waits for. Nobody answers here, so each one is let go after a while, with all that it remembers.
 */
import type { Time } from '../../broker/contract/platform.js';
import type { LinkEvents } from '../../transports/bus/link.js';
import { Operation } from '../../transports/bus/operation.js';
import { SocketLink } from '../../transports/bus/socket-link.js';
import * as wire from '../../transports/bus/wire.js';
import { type Field, type FrameCodec, unsound } from './frame-codec.js';
import { StillLoop } from './still-loop.js';

const { FrameKind } = wire;
const loop = new StillLoop();
const view = loop.sendView;
const stillTime: Time = {
  monotonicMs: () => 0,
  wallMs: () => 0,
  createTimer: () => ({ arm: () => undefined, disarm: () => undefined, isArmed: false }),
};
const noEvents: LinkEvents = {
  welcomed: () => undefined,
  message: () => undefined,
  answer: () => undefined,
  lost: () => undefined,
  callRefused: () => undefined,
  gone: () => undefined,
  unused: () => undefined,
  writableAgain: () => undefined,
  fault: () => undefined,
  disconnected: () => undefined,
};
const attempt = { refused: () => undefined };
const operation = new Operation();
/** Requests of one link. */
const requestsMax = 1024;
const read: Field[] = [];

let link = new SocketLink(loop, stillTime, -1, noEvents);
let requests = 0;

function linkNow(): SocketLink {
  requests += 1;
  if (requests % requestsMax === 0) link = new SocketLink(loop, stillTime, -1, noEvents);
  loop.rewind();
  return link;
}

/** Every word behind the serial, from frame to frame. */
function wordsOf(length: number): readonly Field[] {
  if (wire.clientPacketFault(view, 0, length, 0) !== wire.Fault.None) unsound();
  read.length = 0;
  for (let at = 0; at < length; at += view.getUint32(at, true)) {
    read.push(view.getUint8(at + 4), view.getUint8(at + 5));
    const end = at + view.getUint32(at, true) - view.getUint8(at + 7);
    for (let wordAt = at + 12; wordAt < end; wordAt += 4) read.push(view.getUint32(wordAt, true));
  }
  return read;
}

function codec(name: string, fields: readonly Field[], request: (to: SocketLink) => void): FrameCodec {
  const encode = (): number => {
    request(linkNow());
    return loop.length;
  };
  return { transport: 'bus', name, arena: loop.sendBytes, fields, encode, decode: wordsOf };
}

const nothing = new Uint8Array(0);

function address(tag: number): Operation {
  operation.address(9, 1);
  operation.tag = tag;
  operation.setPayload(nothing, 0, 0);
  return operation;
}

function addressSixteen(): Operation {
  operation.addressMany(false);
  for (let index = 0; index < 16; index += 1) operation.addDestination(9 + 8 * index, 1);
  operation.setPayload(nothing, 0, 0);
  return operation;
}

const sixteen = Array.from({ length: 16 }, (_, index) => [9 + 8 * index, 1]).flat();

function addressList(isKnown: boolean): Operation {
  addressSixteen().list = { number: 2, isKnown };
  return operation;
}

export const busRequests: readonly FrameCodec[] = [
  {
    transport: 'bus',
    name: 'Hello',
    arena: loop.sendBytes,
    fields: [wire.version, wire.version],
    encode: () => {
      wire.writeHello(view, 0);
      return wire.helloBytes;
    },
    decode: (length) => {
      const hello = wire.readHello(view, 0, length) ?? unsound();
      read.length = 2;
      read[0] = hello.lowest;
      read[1] = hello.highest;
      return read;
    },
  },
  codec('Send', [FrameKind.Send, 0, 0, 9, 1, 0, 0], (to) => void to.send(address(0), attempt)),
  codec('Call', [FrameKind.Call, 0, 0, 9, 1, 4711, 0], (to) => void to.call(address(4711))),
  codec('Call, two transfers', [FrameKind.Call, 0, 2, 9, 1, 4711, 0, 17, 1, 8, 1], (to) => {
    const call = address(4711);
    call.addTransfer(17, 1);
    call.addTransfer(8, 1);
    to.call(call);
  }),
  codec('Reply', [FrameKind.Reply, 0, 0, 9, 1, 0, 0], (to) => void to.reply(address(0))),
  codec('Multicast, to 16', [FrameKind.Multicast, 0, 0, 16, 0, ...sixteen], (to) => {
    void to.send(addressSixteen(), attempt);
  }),
  codec('Multicast, to a list', [FrameKind.Multicast, wire.listedFlag, 0, 0, 2], (to) => {
    void to.send(addressList(true), attempt);
  }),
  codec(
    'List, of 16, and a multicast to it',
    [FrameKind.List, 0, 16, 2, 0, ...sixteen, FrameKind.Multicast, wire.listedFlag, 0, 0, 2],
    (to) => void to.send(addressList(false), attempt),
  ),
  codec('Create', [FrameKind.Create, wire.credentialsFlag, 0, 8, 1], (to) => to.create(8, 1, true, 0)),
  codec('Destroy', [FrameKind.Destroy, 0, 1, 8, 1], (to) => to.destroy(8, 1)),
  codec('Release', [FrameKind.Release, 0, 1, 9, 1, 2], (to) => to.release(9, 1, 2)),
  codec('Withdraw', [FrameKind.Withdraw, 0, 4711], (to) => to.withdraw(4711)),
  codec('Holders', [FrameKind.Holders, 0, 0, 8, 1], (to) => void to.holders(8, 1)),
];
