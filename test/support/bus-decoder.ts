/**
 * Reads frames of the bus as docs/protocol.md describes them, sharing no code with the transport.
 */

export interface DecodedFrame {
  readonly name: string;
  readonly hex: string;
  readonly fields: Record<string, unknown>;
}

type Reader = (frame: Buffer, fields: Record<string, unknown>, end: number) => number;

const id = (frame: Buffer, at: number): string => `${frame.readUInt32LE(at)}.${frame.readUInt32LE(at + 4)}`;

/** Named words from `at` on; returns where they end. */
function words(names: readonly string[]): Reader {
  return (frame, fields) => {
    let at = 8;
    for (const name of names) {
      if (name === 'sequence') {
        fields[name] = Number(frame.readBigUInt64LE(at));
        at += 8;
      } else if (/^(destination|node|reply|handle|root|id)$/.test(name)) {
        fields[name] = id(frame, at);
        at += 8;
      } else {
        fields[name] = frame.readUInt32LE(at);
        at += 4;
      }
    }
    return at;
  };
}

function ids(frame: Buffer, at: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => id(frame, at + 8 * index));
}

function withTransfers(head: Reader): Reader {
  return (frame, fields, end) => {
    let at = head(frame, fields, end);
    if ((frame.readUInt8(4) === 0x20 && frame.readUInt8(5) & 1) === 1) {
      for (const name of ['pid', 'uid', 'gid', 'reserved']) {
        fields[name] = frame.readUInt32LE(at);
        at += 4;
      }
    }
    if (fields['destinations'] !== undefined) {
      const count = Number(fields['destinations']);
      fields['to'] = ids(frame, at, count);
      at += 8 * count;
    }
    fields['handles'] = ids(frame, at, Number(fields['transfers']));
    at += 8 * Number(fields['transfers']);
    fields['payload'] = frame.toString('utf8', at, end);
    return end;
  };
}

function list(head: readonly string[], entryWords: number): Reader {
  return (frame, fields, end) => {
    const at = words(head)(frame, fields, end);
    const entries: number[][] = [];
    for (let index = 0; index < Number(fields['count']); index += 1) {
      entries.push(
        Array.from({ length: entryWords }, (_, word) =>
          frame.readUInt32LE(at + 4 * (entryWords * index + word)),
        ),
      );
    }
    fields['entries'] = entries;
    return end;
  };
}

/** A code of 16 bits for each destination. */
function outcomes(frame: Buffer, fields: Record<string, unknown>, end: number): number {
  const at = words(['serial', 'count', 'sequence'])(frame, fields, end);
  fields['codes'] = Array.from({ length: Number(fields['count']) }, (_, index) =>
    frame.readUInt16LE(at + 2 * index),
  );
  return end;
}

const send = ['serial', 'transfers', 'destination', 'tag', 'reserved'];

const layouts: Record<number, readonly [string, Reader]> = {
  1: ['hello', words(['magic', 'versions'])],
  2: ['welcome', words(['magic', 'version', 'account', 'reserved', 'root'])],
  3: ['close', words(['magic', 'code'])],
  16: ['send', withTransfers(words(send))],
  17: ['call', withTransfers(words(send))],
  18: ['reply', withTransfers(words(send))],
  19: ['multicast', withTransfers(words(['serial', 'transfers', 'destinations', 'list']))],
  20: ['create', words(['serial', 'most', 'node'])],
  21: ['destroy', list(['serial', 'count'], 2)],
  22: ['release', list(['serial', 'count'], 3)],
  23: ['withdraw', words(['serial', 'tag'])],
  24: ['holders', words(['serial', 'reserved', 'node'])],
  25: ['list', list(['serial', 'count', 'number', 'reserved'], 2)],
  32: ['message', withTransfers(words(['sequence', 'account', 'transfers', 'node', 'reply']))],
  33: ['answer', withTransfers(words(['sequence', 'tag', 'transfers']))],
  34: ['lost', words(['sequence', 'tag', 'code'])],
  35: ['gone', words(['sequence', 'handle'])],
  36: ['unused', words(['sequence', 'node', 'seen', 'reserved'])],
  37: ['writable', words(['sequence', 'id'])],
  38: ['accepted', words(['serial', 'count', 'sequence'])],
  39: ['refused', words(['serial', 'tag', 'code', 'position'])],
  40: ['outcomes', outcomes],
  41: ['holder-list', list(['serial', 'count'], 2)],
};

/** The frames of one packet. Throws where it is no packet of the bus. */
export function decodeFrames(packet: Uint8Array): DecodedFrame[] {
  const bytes = Buffer.from(packet);
  const frames: DecodedFrame[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    const frame = bytes.subarray(at, at + length);
    const layout = layouts[frame.readUInt8(4)];
    if (layout === undefined || length % 8 !== 0)
      throw new Error(`no frame of the bus: ${frame.toString('hex')}`);
    const fields: Record<string, unknown> = {
      flags: frame.readUInt8(5),
      descriptors: frame.readUInt8(6),
    };
    const end = length - frame.readUInt8(7);
    layout[1](frame, fields, end);
    frames.push({ name: layout[0], hex: frame.toString('hex'), fields });
    at += length;
  }
  return frames;
}
