/** Notes of a process that may be killed at any moment: each is in the kernel's hands before what it is about happens. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { HistoryEvent, Note } from '../history.js';

/** Microseconds of the machine's monotonic clock, which all processes share. */
export function nowUs(): number {
  return Number(process.hrtime.bigint()) / 1000;
}

/** Between two notes of one process that fall into the same tick. */
const tickUs = 0.001;

export function openNotebook(path: string, peer: string): (note: Note) => void {
  const descriptor = openSync(path, 'a');
  let last = 0;
  return (note) => {
    last = Math.max(nowUs(), last + tickUs);
    writeSync(descriptor, `${JSON.stringify({ ...note, at: last, peer })}\n`);
    if (note.kind === 'ended') closeSync(descriptor);
  };
}

/** Of a peer that was killed, the last line may be half written, and its end is missing. */
export function readNotebook(path: string, peer: string, wasKilled: boolean): HistoryEvent[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  lines.pop();
  const events = lines.map((line) => JSON.parse(line) as HistoryEvent);
  const last = events.at(-1);
  if (!wasKilled || last?.kind === 'ended') return events;
  return [...events, { kind: 'ended', how: 'killed', at: (last?.at ?? 0) + tickUs, peer }];
}
