/**
 * A program that starts one cell of every foreign contender that is here, says which processes these are, and waits to be killed.
 *
 * usage: node foreign-cells.js DIRECTORY
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { Placement } from '../../bench/latency/cell.js';
import { foreignContenders } from '../../bench/scenarios/foreign.js';

const nowhere: Placement = { name: 'not-pinned', client: undefined, service: undefined, broker: undefined };
const directory = process.argv[2] ?? '';

/** A process and all its descendants, as they are now. */
function treeOf(root: number): number[] {
  const found = [root];
  for (const pid of found) {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const children = readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim();
      if (children !== '') found.push(...children.split(' ').map(Number));
    }
  }
  return found;
}

for (const { launchers, presence } of foreignContenders) {
  const launcher = launchers.call ?? launchers.give;
  if (launcher === undefined || !presence().present) continue;
  await launcher(nowhere, { payloadBytes: 64, varied: {} })(directory);
}
console.log(JSON.stringify(treeOf(process.pid)));
// What it has started keeps it alive.
