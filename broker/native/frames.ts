/**
 * The frame header that every protocol of ours has (packets.ts), and the checked walk over a packet's frames.
 *
 * Nothing in a packet is trusted: the walk looks at all headers before the first frame is handed out, so a packet is
 * either a whole number of sound frames whose descriptors add up, or it is a violation and nobody sees any of it.
 * Neither reading nor writing allocates.
 */

/** Bytes of the header, and the alignment of every frame. */
export const frameHeaderBytes = 8;
const alignment = 8;

/** What is wrong with a packet. 0 is nothing. The text of `describeViolation` belongs into a log, not on the wire. */
export const FrameViolation = {
  None: 0,
  /** Fewer bytes are left than a header has. */
  Truncated: 1,
  /** A length that is below the header's, or not a multiple of 8, or reaches beyond the packet. */
  BadLength: 2,
  /** More padding than 7 bytes or than the frame has. */
  BadPadding: 3,
  /** The frames declare more or fewer descriptors than came with the packet. */
  DescriptorCount: 4,
} as const;

export type FrameViolation = (typeof FrameViolation)[keyof typeof FrameViolation];

const descriptions: Record<FrameViolation, string> = {
  [FrameViolation.None]: 'the packet is sound',
  [FrameViolation.Truncated]: 'the packet ends within a frame header',
  [FrameViolation.BadLength]: 'a frame length does not fit its packet',
  [FrameViolation.BadPadding]: 'a frame has more padding than it can have',
  [FrameViolation.DescriptorCount]: 'the descriptors of the packet are not those its frames declare',
};

export function describeViolation(violation: FrameViolation): string {
  return descriptions[violation];
}

/**
 * Receives one frame: where it starts (its header), its whole length, and which of the packet's descriptors are its
 * own.
 */
export interface FrameHandler {
  /**
   * `view[offset, offset + length)` is the frame with header and padding, valid until this function returns. The
   * descriptors `[descriptorStart, descriptorStart + descriptorCount)` are this frame's.
   */
  frame(offset: number, length: number, descriptorStart: number, descriptorCount: number): void;
}

/** Checks the frames of a packet without handing them out. */
export function checkFrames(
  view: DataView,
  offset: number,
  length: number,
  descriptorCount: number,
): FrameViolation {
  const end = offset + length;
  let declared = 0;
  for (let at = offset; at < end; ) {
    const left = end - at;
    if (left < frameHeaderBytes) return FrameViolation.Truncated;
    const frame = view.getUint32(at, true);
    if (frame < frameHeaderBytes || frame > left || frame % alignment !== 0) return FrameViolation.BadLength;
    const padding = view.getUint8(at + 7);
    if (padding >= alignment || padding > frame - frameHeaderBytes) return FrameViolation.BadPadding;
    declared += view.getUint8(at + 6);
    at += frame;
  }
  return declared === descriptorCount ? FrameViolation.None : FrameViolation.DescriptorCount;
}

/**
 * Hands out the frames of one packet in order, if all of them are sound; otherwise returns what is wrong, and the
 * packet's descriptors are still the caller's. The lengths are read once for the check and once for the walk, so the
 * bytes must not be shared memory.
 */
export function readFrames(
  view: DataView,
  offset: number,
  length: number,
  descriptorCount: number,
  handler: FrameHandler,
): FrameViolation {
  const violation = checkFrames(view, offset, length, descriptorCount);
  if (violation !== FrameViolation.None) return violation;
  const end = offset + length;
  let descriptorStart = 0;
  for (let at = offset; at < end; ) {
    // The handler may receive nothing new meanwhile, but it may write here; so the header is read before it runs.
    const frame = view.getUint32(at, true);
    const count = view.getUint8(at + 6);
    handler.frame(at, frame, descriptorStart, count);
    descriptorStart += count;
    at += frame;
  }
  return FrameViolation.None;
}

/** The length of a frame with `bodyBytes` after its header: rounded up to a multiple of 8. */
export function frameLength(bodyBytes: number): number {
  return (frameHeaderBytes + bodyBytes + (alignment - 1)) & -alignment;
}

/** Bytes of the frame at `offset` that follow its header, without the padding. */
export function frameBodyBytes(view: DataView, offset: number): number {
  return view.getUint32(offset, true) - frameHeaderBytes - view.getUint8(offset + 7);
}

export function frameKind(view: DataView, offset: number): number {
  return view.getUint8(offset + 4);
}

export function frameFlags(view: DataView, offset: number): number {
  return view.getUint8(offset + 5);
}

/**
 * Writes the header of a frame with `bodyBytes` after it, and zeros as its padding; returns the frame's length. The
 * memory must have room for that length (`frameLength`). `descriptorCount` is at most 253.
 */
export function writeFrameHeader(
  view: DataView,
  offset: number,
  bodyBytes: number,
  kind: number,
  flags: number,
  descriptorCount: number,
): number {
  const length = frameLength(bodyBytes);
  const padding = length - frameHeaderBytes - bodyBytes;
  view.setUint32(offset, length, true);
  view.setUint8(offset + 4, kind);
  view.setUint8(offset + 5, flags);
  view.setUint8(offset + 6, descriptorCount);
  view.setUint8(offset + 7, padding);
  for (let at = offset + length - padding; at < offset + length; at++) view.setUint8(at, 0);
  return length;
}
