/**
 * Heads of frames, as the transports write and read them: in place, in memory that stays the same, without an object for each. A
 * codec here has one arena that it writes into and reads from; payloads are left out, because copying them is no question of the head.
 */

/** What a field is when it is read: secrets, tokens and addresses are texts. */
export type Field = number | string;

export interface FrameCodec {
  readonly transport: 'sockets' | 'datagram' | 'bus';
  /** As in the transport's `FrameKind`, with what is special behind it, after a comma. */
  readonly name: string;
  readonly arena: Uint8Array;
  /** Writes the frame at the beginning of the arena; its length. */
  encode(): number;
  /**
   * Checks what `encode` wrote, all that the receiver checks, and reads its fields. The list is valid until the next call of the
   * transport's codecs; throws if the frame is not sound.
   */
  decode(length: number): readonly Field[];
  /** What `decode` gives for the frame. */
  readonly fields: readonly Field[];
}

/** Ends the timing of what is wrong. */
export function unsound(): never {
  throw new Error('the frame is not sound');
}
