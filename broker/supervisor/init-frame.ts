/**
 * What requests to init and its events have in common: limits, the numbers of requests, and the frame around them
 * (docs/spec/init.md).
 */

/** The versions of this protocol that are spoken here; HELLO offers the range, WELCOME picks one. */
export const initVersionMin = 1;
export const initVersionMax = 1;

/** One frame to init at most, header included: what a packet holds. argv and environment of one process fit into it. */
export const initFrameBytesMax = 72 * 1024;
/** The broker's own words about a process, given back by LIST. */
export const cookieBytesMax = 1024;
/** The name of a stored descriptor: a service name and what it is for. */
export const storedNameBytesMax = 1088;

export const headerBytes = 8;

export const Request = {
  hello: 1,
  spawn: 2,
  adopt: 3,
  signal: 4,
  ack: 5,
  store: 6,
  unstore: 7,
  list: 8,
  heartbeat: 9,
  finish: 10,
} as const;

export type InitRequestName = keyof typeof Request;

export function frame(
  kind: number,
  bodyBytes: number,
  descriptors: number,
): { bytes: Uint8Array; view: DataView } {
  const length = (headerBytes + bodyBytes + 7) & ~7;
  if (length > initFrameBytesMax) {
    throw new RangeError(
      `a frame of ${length} bytes is larger than the ${initFrameBytesMax} that init takes`,
    );
  }
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length, true);
  view.setUint8(4, kind);
  view.setUint8(6, descriptors);
  view.setUint8(7, length - headerBytes - bodyBytes);
  return { bytes, view };
}

export function writeNumber64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 0x1_0000_0000, true);
  view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true);
}

export function readNumber64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true);
}

export function checkToken(token: number): void {
  if (!Number.isSafeInteger(token) || token <= 0) throw new RangeError(`not a token: ${token}`);
}
