/**
 * Frames of the datagram transport as plain values: what the vectors say, and what tests with raw sockets send.
 */
import * as wire from '../../transports/datagram/wire.js';

const { FrameKind, NoticeKind, TransferKind } = wire;

/** Secrets and tickets are hexadecimal. */
export type TransferValue =
  | { readonly kind: 'gone' }
  | {
      readonly kind: 'handle' | 'node' | 'reply';
      readonly number: number;
      readonly secret: string;
      readonly ticket: string;
      readonly address: string;
    };

export type FrameValue =
  | { readonly kind: 'hello'; readonly secret: string; readonly ticket: string; readonly address: string }
  | {
      readonly kind: 'welcome';
      readonly hello: string;
      readonly session: string;
      readonly number: number;
      readonly secret: string;
      readonly ticket: string;
      readonly address: string;
    }
  | { readonly kind: 'refused'; readonly secret: string; readonly code: number }
  | MessageValue
  | {
      readonly kind: 'grant';
      readonly address: string;
      readonly entries: readonly {
        readonly isReply: boolean;
        readonly number: number;
        readonly secret: string;
        readonly ticket: string;
      }[];
    }
  | {
      readonly kind: 'notice';
      readonly address: string;
      readonly entries: readonly {
        readonly kind: keyof typeof NoticeKind;
        readonly number: number;
        readonly key: string;
      }[];
    };

export interface MessageValue {
  readonly kind: 'message' | 'call' | 'answer';
  /** Of the node, or the serial of the call. */
  readonly number: number;
  readonly secret: string;
  /** Of a call. */
  readonly serial?: number;
  readonly replySecret?: string;
  readonly address?: string;
  readonly transfers: readonly TransferValue[];
  /** Hexadecimal. */
  readonly payload: string;
}

const transferKinds = {
  handle: TransferKind.Handle,
  node: TransferKind.Node,
  reply: TransferKind.Reply,
} as const;
const messageKinds = {
  message: FrameKind.Message,
  call: FrameKind.Call,
  answer: FrameKind.Answer,
} as const;
const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** The bytes of a datagram with these frames. */
export function encodeDatagram(frames: readonly FrameValue[]): Buffer {
  return Buffer.concat(frames.map(encodeFrame));
}

function encodeFrame(frame: FrameValue): Buffer {
  const bytes = Buffer.alloc(65_536);
  return Buffer.from(bytes.subarray(0, writeFrame(bytes, frame)));
}

function writeFrame(bytes: Buffer, frame: FrameValue): number {
  switch (frame.kind) {
    case 'hello':
      return wire.writeHello(bytes, hex(frame.secret), hex(frame.ticket), wire.encodeAddress(frame.address));
    case 'welcome': {
      const root = { number: frame.number, secret: hex(frame.secret), ticket: hex(frame.ticket) };
      const address = wire.encodeAddress(frame.address);
      return wire.writeWelcome(bytes, hex(frame.hello), hex(frame.session), root, address);
    }
    case 'refused':
      return wire.writeRefused(bytes, hex(frame.secret), frame.code);
    case 'grant': {
      const start = wire.writeAddress(bytes, wire.headerBytes, wire.encodeAddress(frame.address));
      for (const [index, { isReply, number, secret, ticket }] of frame.entries.entries()) {
        wire.writeGrantEntry(bytes, start, index, isReply, number, hex(secret), hex(ticket));
      }
      const length = start + frame.entries.length * wire.grantEntryBytes;
      wire.writeHeader(bytes, 0, FrameKind.Grant, frame.entries.length, length);
      return length;
    }
    case 'notice': {
      const start = wire.writeAddress(bytes, wire.headerBytes, wire.encodeAddress(frame.address));
      for (const [index, { kind, number, key }] of frame.entries.entries()) {
        wire.writeNoticeEntry(bytes, start, index, NoticeKind[kind], number, hex(key));
      }
      const length = start + frame.entries.length * wire.noticeEntryBytes;
      wire.writeHeader(bytes, 0, FrameKind.Notice, frame.entries.length, length);
      return length;
    }
    default:
      return writeMessage(bytes, frame);
  }
}

function writeMessage(bytes: Buffer, frame: MessageValue): number {
  let at = wire.writeDestination(bytes, frame.number, hex(frame.secret));
  if (frame.kind === 'call') {
    const address = wire.encodeAddress(frame.address ?? '');
    at = wire.writeReturn(bytes, frame.serial ?? 0, hex(frame.replySecret ?? ''), address);
  }
  for (const transfer of frame.transfers) {
    if (transfer.kind === 'gone') {
      at = wire.writeGoneTransfer(bytes, at);
      continue;
    }
    const { number, secret, ticket, address } = transfer;
    const kind = transferKinds[transfer.kind];
    at = wire.writeTransfer(bytes, at, kind, number, hex(secret), hex(ticket), wire.encodeAddress(address));
  }
  bytes.set(hex(frame.payload), at);
  const length = at + frame.payload.length / 2;
  wire.writeHeader(bytes, 0, messageKinds[frame.kind], frame.transfers.length, length);
  return length;
}

/** The frames of a datagram, or `undefined` if it is not sound. */
export function decodeDatagram(bytes: Buffer): FrameValue[] | undefined {
  if (!wire.isDatagramSound(bytes)) return undefined;
  return [...wire.datagramFrames(bytes)].map((at) => decodeFrame(bytes, at));
}

function text(bytes: Buffer, at: number): string {
  return bytes.toString('hex', at, at + wire.secretBytes);
}

function decodeFrame(bytes: Buffer, at: number): FrameValue {
  const end = at + wire.frameBytesAt(bytes, at);
  switch (bytes[at + 2]) {
    case FrameKind.Hello:
      return {
        kind: 'hello',
        secret: text(bytes, at + 12),
        ticket: text(bytes, at + 28),
        address: wire.readAddress(bytes, at + wire.helloBytes),
      };
    case FrameKind.Welcome:
      return {
        kind: 'welcome',
        hello: text(bytes, at + 8),
        session: text(bytes, at + 24),
        number: bytes.readUInt32LE(at + 44),
        secret: text(bytes, at + 48),
        ticket: text(bytes, at + 64),
        address: wire.readAddress(bytes, at + wire.welcomeBytes),
      };
    case FrameKind.Refused:
      return { kind: 'refused', secret: text(bytes, at + 12), code: bytes.readUInt32LE(at + 8) };
    case FrameKind.Grant:
      return { kind: 'grant', address: wire.readAddress(bytes, at + 8), entries: grants(bytes, at, end) };
    case FrameKind.Notice:
      return { kind: 'notice', address: wire.readAddress(bytes, at + 8), entries: notices(bytes, at, end) };
    default:
      return decodeMessage(bytes, at, end);
  }
}

function grants(
  bytes: Buffer,
  at: number,
  end: number,
): Extract<FrameValue, { readonly kind: 'grant' }>['entries'] {
  const start = at + 8 + wire.addressLength(bytes, at + 8);
  return Array.from({ length: (end - start) / wire.grantEntryBytes }, (_, index) => {
    const entry = start + index * wire.grantEntryBytes;
    return {
      isReply: bytes.readUInt32LE(entry) === TransferKind.Reply,
      number: bytes.readUInt32LE(entry + 4),
      secret: text(bytes, entry + 8),
      ticket: text(bytes, entry + 24),
    };
  });
}

function notices(
  bytes: Buffer,
  at: number,
  end: number,
): Extract<FrameValue, { readonly kind: 'notice' }>['entries'] {
  const start = at + 8 + wire.addressLength(bytes, at + 8);
  const names = Object.entries(NoticeKind);
  return Array.from({ length: (end - start) / wire.noticeEntryBytes }, (_, index) => {
    const entry = start + index * wire.noticeEntryBytes;
    const number = bytes.readUInt32LE(entry);
    const kind = (names.find(([, value]) => value === number)?.[0] ?? '') as keyof typeof NoticeKind;
    return { kind, number: bytes.readUInt32LE(entry + 4), key: text(bytes, entry + 8) };
  });
}

function decodeMessage(bytes: Buffer, at: number, end: number): FrameValue {
  const number = bytes[at + 2] ?? 0;
  const kind = number === FrameKind.Call ? 'call' : number === FrameKind.Answer ? 'answer' : 'message';
  let start = wire.transfersStart(bytes, at, number);
  const transfers: TransferValue[] = [];
  for (let left = bytes[at + 3] ?? 0; left > 0; left -= 1) {
    transfers.push(decodeTransfer(bytes, start));
    start = wire.transferEnd(bytes, start);
  }
  const common = { number: bytes.readUInt32LE(at + 8), secret: text(bytes, at + 12), transfers };
  const payload = bytes.toString('hex', start, end);
  if (kind !== 'call') return { kind, ...common, payload };
  const address = wire.readAddress(bytes, at + wire.callHeadBytes);
  const serial = bytes.readUInt32LE(at + 28);
  return { kind, ...common, serial, replySecret: text(bytes, at + 32), address, payload };
}

function decodeTransfer(bytes: Buffer, at: number): TransferValue {
  const transfer = wire.readTransfer(bytes, at);
  const kind = (['handle', 'node', 'reply'] as const).find((name) => transferKinds[name] === transfer.kind);
  if (kind === undefined) return { kind: 'gone' };
  return {
    kind,
    number: transfer.number,
    secret: text(bytes, transfer.secretAt),
    ticket: text(bytes, transfer.ticketAt),
    address: wire.readAddress(bytes, transfer.addressAt),
  };
}
