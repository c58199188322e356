/**
 * A client of the harness that makes no calls: it answers each command at once, and says that an answer was wrong and a call failed when
 * its role wants that.
 *
 *   warm-up  in its first block
 *   crowd    when 64 calls are to be under way
 *   late     in an open loop, none of whose messages it sends in time
 *   slow     never; but a block has one sample only
 */
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [, , role = ''] = process.argv;
const samples = new Uint32Array(role === 'slow' ? 1 : 100).fill(1_000);
let blocks = 0;

console.log('ready', process.pid);
for await (const line of createInterface({ input: process.stdin })) {
  const [word, first = '', second = '', outstanding = '1'] = line.split(' ');
  const isOpen = word === 'open';
  writeFileSync(isOpen ? first : second, samples);
  const isFaulty =
    (role === 'warm-up' && blocks === 0) ||
    (role === 'crowd' && outstanding === '64') ||
    (role === 'late' && isOpen);
  blocks++;
  const faults = isFaulty ? 1 : 0;
  const missed = isOpen && role === 'late' ? samples.length : 0;
  console.log(`done ${samples.length} ${faults} errors=${faults} missed=${missed} elapsed_ns=1000000`);
}
