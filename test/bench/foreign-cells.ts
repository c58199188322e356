/**
 * A program that starts one cell of every foreign contender that is here, says which processes these are, and waits to be killed.
 *
 * usage: node foreign-cells.js DIRECTORY
 */
import type { Placement } from '../../bench/latency/cell.js';
import { foreignContenders } from '../../bench/scenarios/foreign.js';
import { descendants } from '../support/processes.js';

const nowhere: Placement = { name: 'not-pinned', client: undefined, service: undefined, broker: undefined };
const directory = process.argv[2] ?? '';

for (const { launchers, presence } of foreignContenders) {
  const launcher = launchers.call ?? launchers.give;
  if (launcher === undefined || !presence().present) continue;
  await launcher(nowhere, { payloadBytes: 64, varied: {} })(directory);
}
console.log(JSON.stringify([process.pid, ...descendants(process.pid)]));
// What it has started keeps it alive.
