/**
 * One operation on its way into the core: filled by whoever decodes it (from a frame, or from arguments), read by the core, and
 * filled again for the next one, so that an operation allocates nothing.
 */
export interface Submission {
  /** Ids as pairs of word and generation. */
  readonly destinations: Uint32Array;
  readonly destinationCount: number;
  /** Own nodes, handles and replies; word 0 and generation 0 stand for a handle that is gone already. */
  readonly transfers: Uint32Array;
  readonly transferCount: number;
  /** The payload: borrowed until the operation returns. */
  readonly source: Uint8Array;
  readonly offset: number;
  readonly length: number;
  /**
   * Not 0: the payload, of so many bytes, is outside; the first descriptor is memory that has it, and what stands for it above is for
   * the receiver to find it. Whoever decodes the operation has checked that memory.
   */
  readonly sealedBytes?: number;
  /** Taken by the core, also when the operation is refused. */
  descriptors: readonly number[];
  /** A call if not 0: the caller's name for it, whose low 16 bits no other outstanding call of the caller has. */
  readonly tag: number;
  /** Send to those destinations that can take it (bus M2). */
  readonly isPartial: boolean;
  /**
   * Result: the code of each destination, 0 for accepted, in the lower byte, and in the upper byte the blame for `over-quota`;
   * meaningful after a partial operation.
   */
  readonly outcomes: Uint16Array;
  /** Result: which destination or transfer a refusal is about. */
  refusedAt: number;
  /** Result: what was missing and whose share is full (`blameOf`), after a refusal with `over-quota`. */
  blame: number;
}
