/**
 * The models of `docs/models/` and what each run of them must show: that a property holds in every reachable state, or, of a
 * variant that is broken on purpose, which property is found to be violated. A model in which no variant fails shows nothing.
 */

export interface ModelRun {
  /** File in `docs/models/`, without its ending. */
  readonly model: string;
  readonly defines: readonly string[];
  /** The property that is violated, as the model names it beside its assertion; `undefined`: none is. */
  readonly violates: string | undefined;
}

function holds(model: string, ...defines: string[]): ModelRun {
  return { model, defines, violates: undefined };
}

function violates(property: string, model: string, ...defines: string[]): ModelRun {
  return { model, defines, violates: property };
}

export const modelRuns: readonly ModelRun[] = [
  holds('sequencer', 'COMPLETION', 'DEATHS'),
  holds('sequencer', 'RECEIPT', 'DEATHS'),
  violates('ONE ORDER', 'sequencer', 'COMPLETION', 'ACK_AT_WRITE'),
  // A cause by receipt is safe even then: who has received it shows that the broker had accepted it.
  holds('sequencer', 'RECEIPT', 'ACK_AT_WRITE'),
  violates('ONE ORDER', 'sequencer', 'COMPLETION', 'NO_SEQUENCER'),
  violates('ONE ORDER', 'sequencer', 'RECEIPT', 'NO_SEQUENCER'),
  violates('ONE ORDER', 'sequencer', 'COMPLETION', 'STAGED'),
  violates('ONE ORDER', 'sequencer', 'RECEIPT', 'STAGED'),
  violates('ONE ORDER', 'sequencer', 'COMPLETION', 'TWO_STREAMS'),
  violates('ONE ORDER', 'sequencer', 'RECEIPT', 'TWO_STREAMS'),
  violates('ALL OR NONE', 'sequencer', 'COMPLETION', 'HALF_SENT'),
  violates('ONE ORDER', 'bus1-2016'),
  holds('bus1-2016', 'WAITS'),
  holds('bus1-2016', 'RECEIPT'),
  holds('handles'),
  violates('KNOWN', 'handles', 'RELEASE_ALL'),
  violates('KNOWN', 'handles', 'RELEASE_FIRST'),
  violates('NOT SILENT', 'handles', 'GONE_FIRST'),
  violates('NOT SILENT', 'handles', 'DEAD_AS_VALID'),
  violates('GONE ONCE', 'handles', 'GONE_TWICE'),
  violates('UNUSED', 'handles', 'UNUSED_BLIND'),
  violates('UNUSED', 'handles', 'UNUSED_ONCE'),
  holds('calls'),
  violates('ITS OWN', 'calls', 'SAME_TAG'),
  violates('ENDS', 'calls', 'SILENT_DEATH'),
  violates('ENDS', 'calls', 'SILENT_DROP'),
  violates('ONCE', 'calls', 'TWICE'),
  violates('HONEST', 'calls', 'WITHDRAWN_KNOWN'),
];
