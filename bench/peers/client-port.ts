/**
 * The clients' side of the harness: commands on standard input, one a line, the same for every client in any language.
 *
 *   run MILLISECONDS FILE   a closed loop for that long; nanoseconds of each round trip to FILE as u32;
 *                           answers "done SAMPLES VIOLATIONS" on standard output
 *
 * The first line printed is "ready PID…": the client, then every process that it alone started. End-of-file ends the client.
 */
import { createInterface } from 'node:readline';
import { Samples } from '../latency/samples.js';

/** Runs a closed loop until `endMs` (as `performance.now()` counts) or until the samples are full; returns the violations. */
export type ClosedLoop = (endMs: number, samples: Samples) => Promise<number>;

/** Serves commands until end-of-file; then resolves. */
export async function serveCommands(loop: ClosedLoop): Promise<void> {
  const samples = new Samples();
  console.log(`ready ${process.pid}`);
  for await (const line of createInterface({ input: process.stdin })) {
    const match = /^run (\d+) (.+)$/.exec(line);
    if (match === null) throw new Error(`unknown command: ${line}`);
    samples.clear();
    const violations = await loop(performance.now() + Number(match[1]), samples);
    samples.write(match[2] ?? '');
    console.log(`done ${samples.count} ${violations}`);
  }
}
