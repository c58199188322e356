/** The frames of the datagram transport (transports/datagram/wire.ts), their payloads left out. */
import * as wire from '../../transports/datagram/wire.js';
import { type Field, type FrameCodec, unsound } from './frame-codec.js';

const { FrameKind, NoticeKind, TransferKind } = wire;
/** The transport has a buffer of this form for each datagram that it receives, too. */
const arena = Buffer.alloc(4096);
const path = '/run/user/1000/capstan/~AbCdEfGhIjK';
const address = wire.encodeAddress(path);
const secret = Buffer.alloc(wire.secretBytes, 0x5a);
const ticket = Buffer.alloc(wire.secretBytes, 0xc3);
const secretText = secret.toString('hex');
const ticketText = ticket.toString('hex');
const read: Field[] = [];

/** The one frame must be all of what has come. */
function check(length: number): number {
  if (!wire.isDatagramSound(arena.subarray(0, length))) unsound();
  return arena[2] ?? 0;
}

function text(at: number): string {
  return arena.toString('hex', at, at + wire.secretBytes);
}

/** Kind, number and secret; of a call, where the answer goes; and the transfers. */
function message(length: number): readonly Field[] {
  const kind = check(length);
  read.length = 0;
  read.push(kind, arena.readUInt32LE(wire.headerBytes), text(12));
  if (kind === FrameKind.Call) {
    read.push(
      arena.readUInt32LE(wire.messageHeadBytes),
      text(32),
      wire.readAddress(arena, wire.callHeadBytes),
    );
  }
  let at = wire.transfersStart(arena, 0, kind);
  for (let left = arena[3] ?? 0; left > 0; left -= 1) {
    const transfer = wire.readTransfer(arena, at);
    read.push(transfer.kind, transfer.number);
    if (transfer.kind !== TransferKind.Gone) {
      read.push(
        text(transfer.secretAt),
        text(transfer.ticketAt),
        wire.readAddress(arena, transfer.addressAt),
      );
    }
    at = wire.transferEnd(arena, at);
  }
  return read;
}

/** Address and entries of a GRANT or a NOTICE. */
function entries(length: number): readonly Field[] {
  const kind = check(length);
  const start = wire.headerBytes + wire.addressLength(arena, wire.headerBytes);
  const entryBytes = kind === FrameKind.Grant ? wire.grantEntryBytes : wire.noticeEntryBytes;
  read.length = 0;
  read.push(kind, wire.readAddress(arena, wire.headerBytes));
  for (let at = start; at < length; at += entryBytes) {
    read.push(arena.readUInt32LE(at), arena.readUInt32LE(at + 4), text(at + 8));
    if (kind === FrameKind.Grant) read.push(text(at + 24));
  }
  return read;
}

function codec(
  name: string,
  fields: readonly Field[],
  encode: () => number,
  decode: (length: number) => readonly Field[],
): FrameCodec {
  return { transport: 'datagram', name, arena, fields, encode, decode };
}

function plainMessage(name: string, kind: wire.FrameKind): FrameCodec {
  const encode = (): number => {
    const length = wire.writeDestination(arena, 17, secret);
    wire.writeHeader(arena, 0, kind, 0, length);
    return length;
  };
  return codec(name, [kind, 17, secretText], encode, message);
}

export const datagramFrames: readonly FrameCodec[] = [
  codec(
    'Hello',
    [FrameKind.Hello, 1, secretText, ticketText, path],
    () => wire.writeHello(arena, secret, ticket, address),
    (length) => {
      read.length = 0;
      read.push(check(length), Number(wire.isHelloUnderstood(arena, 0)), text(12), text(28));
      read.push(wire.readAddress(arena, wire.helloBytes));
      return read;
    },
  ),
  codec(
    'Welcome',
    [FrameKind.Welcome, secretText, ticketText, 17, secretText, ticketText, path],
    () => wire.writeWelcome(arena, secret, ticket, { number: 17, secret, ticket }, address),
    (length) => {
      read.length = 0;
      read.push(check(length), text(8), text(24), arena.readUInt32LE(44), text(48), text(64));
      read.push(wire.readAddress(arena, wire.welcomeBytes));
      return read;
    },
  ),
  codec(
    'Refused',
    [FrameKind.Refused, 6, secretText],
    () => wire.writeRefused(arena, secret, 6),
    (length) => {
      read.length = 0;
      read.push(check(length), arena.readUInt32LE(8), text(12));
      return read;
    },
  ),
  plainMessage('Message', FrameKind.Message),
  codec(
    'Message, two transfers',
    [
      FrameKind.Message,
      17,
      secretText,
      TransferKind.Handle,
      18,
      secretText,
      ticketText,
      path,
      TransferKind.Gone,
      0,
    ],
    () => {
      let at = wire.writeDestination(arena, 17, secret);
      at = wire.writeTransfer(arena, at, TransferKind.Handle, 18, secret, ticket, address);
      at = wire.writeGoneTransfer(arena, at);
      wire.writeHeader(arena, 0, FrameKind.Message, 2, at);
      return at;
    },
    message,
  ),
  codec(
    'Call',
    [FrameKind.Call, 17, secretText, 4711, ticketText, path],
    () => {
      wire.writeDestination(arena, 17, secret);
      const length = wire.writeReturn(arena, 4711, ticket, address);
      wire.writeHeader(arena, 0, FrameKind.Call, 0, length);
      return length;
    },
    message,
  ),
  plainMessage('Answer', FrameKind.Answer),
  codec(
    'Grant',
    [FrameKind.Grant, path, TransferKind.Handle, 18, secretText, ticketText],
    () => {
      const start = wire.writeAddress(arena, wire.headerBytes, address);
      wire.writeGrantEntry(arena, start, 0, false, 18, secret, ticket);
      wire.writeHeader(arena, 0, FrameKind.Grant, 1, start + wire.grantEntryBytes);
      return start + wire.grantEntryBytes;
    },
    entries,
  ),
  codec(
    'Notice, of four',
    [FrameKind.Notice, path, ...[1, 2, 3, 4].flatMap((number) => [NoticeKind.Release, number, ticketText])],
    () => {
      const start = wire.writeAddress(arena, wire.headerBytes, address);
      for (let index = 0; index < 4; index += 1) {
        wire.writeNoticeEntry(arena, start, index, NoticeKind.Release, index + 1, ticket);
      }
      const length = start + 4 * wire.noticeEntryBytes;
      wire.writeHeader(arena, 0, FrameKind.Notice, 4, length);
      return length;
    },
    entries,
  ),
];
