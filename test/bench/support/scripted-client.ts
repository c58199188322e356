/**
 * A client of the harness that makes no calls: it answers each command at once, and says that an answer was wrong and a call failed when
 * its role wants that.
 *
 *   warm-up  in its first block
 *   crowd    when 64 calls are to be under way
 *   late     in an open loop, in which it makes the machine look as if it had stalled: it stops the process that watches for that
 *   slow     never; but a block has one sample only
 *   dies     never; it throws in its first block
 *   mute     never; it ends in its first block and says nothing
 *   told     never; each sample is as many nanoseconds as calls were to be under way
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [, , role = ''] = process.argv;
const samples = new Uint32Array(role === 'slow' ? 1 : 100).fill(1_000);
let blocks = 0;

/** Longer than one of its beats may be late, several times. */
const stallMs = 10;

/** The process that watches this one for stalls (bench/peers/stall-watch.c): a child of the same parent that was given our number. */
function stallWatchPid(): number {
  const tasks = `/proc/${process.ppid}/task`;
  const siblings = readdirSync(tasks).flatMap((task) =>
    readFileSync(`${tasks}/${task}/children`, 'utf8').trim().split(' '),
  );
  for (const pid of siblings.filter((text) => text !== '')) {
    const [program = '', watched] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    if (program.endsWith('/stall-watch') && watched === String(process.pid)) return Number(pid);
  }
  throw new Error('nobody watches for stalls');
}

async function stall(): Promise<void> {
  const pid = stallWatchPid();
  process.kill(pid, 'SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, stallMs));
  process.kill(pid, 'SIGCONT');
}

console.log('ready', process.pid);
for await (const line of createInterface({ input: process.stdin })) {
  const [word, first = '', second = '', outstanding = '1'] = line.split(' ');
  const isOpen = word === 'open';
  if (role === 'dies') throw new RangeError('this is why');
  if (role === 'mute') process.exit(1);
  if (role === 'told') samples.fill(Number(outstanding));
  writeFileSync(isOpen ? first : second, samples);
  const isFaulty =
    (role === 'warm-up' && blocks === 0) ||
    (role === 'crowd' && outstanding === '64') ||
    (role === 'late' && isOpen);
  blocks++;
  const faults = isFaulty ? 1 : 0;
  if (isOpen && role === 'late') await stall();
  console.log(`done ${samples.length} ${faults} errors=${faults} elapsed_ns=1000000`);
}
