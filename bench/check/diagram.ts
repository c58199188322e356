/**
 * A message diagram as plain data: processes side by side, time downwards, an arrow for each message from where it was sent to where it
 * was received. What a person needs to see in order to believe a counter-example. Written as text by diagram-text.ts, drawn by the report.
 *
 * Rows are not times. Nobody has a clock that all processes share; a row only says what every history agrees with: events of one
 * process are in its own order, and a message is received in a later row than it was sent in. No two events share a row.
 */

/** What happened: a message was sent (its sender asked for it), accepted, or received; or something was told or heard past the transport. */
export type DiagramEventKind = 'send' | 'complete' | 'receive' | 'tell' | 'hear';

export interface DiagramEvent {
  /** Index in `processes`. */
  readonly process: number;
  /** From 0 downwards. */
  readonly row: number;
  readonly kind: DiagramEventKind;
  /** Short name of the message. */
  readonly message: string;
}

/**
 * What an arrow is to the counter-example:
 *
 * - `cause`: should have come first, and came late or not at all;
 * - `effect`: came before its cause, or arrived wrongly (doubled, invented, changed);
 * - `link`: the effect came from the cause through it;
 * - `conflict`: one of those that no single order fits (agreement).
 */
export type ArrowRole = 'cause' | 'effect' | 'link' | 'conflict';

/** One message to one receiver; a multicast has an arrow for each. */
export interface DiagramArrow {
  readonly message: string;
  readonly role: ArrowRole;
  /** Whether it went past the transport: told through a pipe, a file, a person. */
  readonly isBeside: boolean;
  /** Indices in `processes`, and the rows of sending and receiving. */
  readonly from: number;
  readonly fromRow: number;
  readonly to: number;
  /** Null for a message that never arrived. */
  readonly toRow: number | null;
}

export interface MessageDiagram {
  /** Names, from left to right. */
  readonly processes: readonly string[];
  readonly rows: number;
  /** In the order of their rows. */
  readonly events: readonly DiagramEvent[];
  readonly arrows: readonly DiagramArrow[];
  /** Which property is broken, for example `causality`. */
  readonly property: string;
  /** One sentence that says what is wrong. */
  readonly sentence: string;
}
