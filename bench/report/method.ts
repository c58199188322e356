/** The text of the method and the threats to validity, as the report and docs/findings.md have it. Code stands between backquotes. */
import type { ResultLine } from '../results/line.js';
import * as say from './quantity.js';
import { roundTrips } from './selection.js';

export const method: readonly string[] = [
  'Every end of a message is a process of its own, and so is the broker where there is one, but for many receivers (W4) and holders (W5), which share four processes at most over the transports and the D-Bus brokers and are a process each over `c-seqpacket`, and but for `worker-threads`, whose ends are two threads of one process; of a payload the number in front, the last byte and the length are checked, and nothing between.',
  'All contenders of a drawing wait in the same way, which is part of a cell’s name; CPU time of all processes, from the kernel’s scheduler statistics, stands beside latency. Curves leave out who spins or polls while the others block, and `memory`, which is one process; the tables have them.',
  'A closed loop sends the next message when an answer is there. An open loop sends by a schedule that was computed beforehand from the seed (constant or Poisson) and does not look at answers; its latency counts from the planned time, and a block in which the machine stalled, so that no generator could be in time, is measured again; after the third time that launch of the cell is left out, and a cell that has lost more than half of its launches is invalid. The two are never in one table.',
  'Offered load is a share of the peak that the same processes reached just before in a closed loop with 64 calls under way: 10, 50, 70 and 90 %. Who needs more than 5 % longer than the load lasts until everything is answered is called overloaded: its latency is that of a backlog.',
  'Cells of a group are launched together and their blocks run in an order that is shuffled anew in each round, from the seed, so that what the machine does meanwhile hits all of them.',
  'What is repeated is the launch of the processes. Intervals are 95 % intervals over launches, not over samples: bootstrap intervals with five launches or more, Student’s of the logarithms, which are wide, with two to four. Two contenders are compared launch by launch; a difference is called sure only where its interval excludes 1 and Student’s paired test of the launches’ logarithms remains below 5 % after Holm’s correction for all questions of the table.',
  'Placement is part of a cell’s name: `two-cores` has the ends on different cores and the broker beside the caller, `one-core` has everything on one, `not-pinned` leaves it to the kernel.',
  'One monotonic clock, whose cost is below; round trips are never halved.',
  'Every sample goes into an HDR histogram with three digits. Histograms are merged, percentiles are never averaged, and none is given with fewer than 10/(1−p) samples behind it.',
  'Warm-up ends when medians have stopped falling, or when its time is over before that can be told, as in W6, where each sample is the life of a process; the first call of a launch is a number of its own (cold).',
  'What ended in an error or by a deadline stays in the data with at least the deadline.',
  'Each run records who sent and received what, and checkers that share no code with the transports verify delivery and order. A broken promise fails the cell; what was not promised is a result (W8), and its runs are divided among several launches.',
  'Ratios are launch by launch to the contender that the head of their column names, C being the blocking ping-pong over a Unix socket; absolute values stand beside them.',
];

/**
 * What a wake-up across cores costs in this run, µs: half of what a round trip of the blocking program in C, which has two of them, takes
 * longer on two cores than on one. Undefined where it was not measured at both.
 */
function wakeUpTime(lines: readonly ResultLine[]): number | undefined {
  const calls = roundTrips(lines).filter(
    ({ contender, call }) => contender === 'c-seqpacket' && call === 'empty',
  );
  const p50At = (name: string): number | null | undefined =>
    calls.find(({ placement }) => placement === name)?.p50_us;
  const [apart, together] = [p50At('two-cores'), p50At('one-core')];
  if (typeof apart !== 'number' || typeof together !== 'number') return undefined;
  return apart > together ? (apart - together) / 2 : undefined;
}

/** The cost of a wake-up as part of a sentence: in numbers of this run, where it has them. */
function wakeUpWords(lines: readonly ResultLine[]): string {
  const us = wakeUpTime(lines);
  return us === undefined
    ? 'a wake-up across cores costs tens of microseconds'
    : `a wake-up across cores cost about ${say.tickTime(Number(us.toPrecision(2)))} in this run (half of what \`c-seqpacket\` takes longer on two cores than on one)`;
}

/** Where a number of the run belongs into the text. */
const wakeUpPlace = '{a wake-up}';

/** In which order a reader needs them; where a number of the run belongs to one, it is in it. */
export function threatsOf(lines: readonly ResultLine[]): readonly string[] {
  return threats.map((text) => text.replace(wakeUpPlace, () => wakeUpWords(lines)));
}

const threats: readonly string[] = [
  'JavaScript runs on one thread: a transport of this project is as fast as its event loop lets it be, and two things of one process never happen at once. Contenders in C do not have this; `node:net` has.',
  'An addon is between JavaScript and the system calls. What it costs is in every figure of `sockets`, `datagram` and `bus`, and in none of the C contenders.',
  'In an open loop each client wakes itself when a message is due: clients in C by a timeout of their wait, clients in Node, whose own timers know milliseconds only, by a timerfd in their event loop. To set it and to be woken by it costs a client in Node some microseconds of CPU time a message while it is not busy, and is in its figures. A process with real-time priority that wakes once a millisecond beside the client tells whether the machine stalled.',
  'Launches of open loops in which the machine stalled are left out, and of some contenders and at some loads more than of others (the table of the run tells how many). Nobody has shown why, and it may be chance. But a stall is where a backlog begins, and so what is left may be a kinder selection for some than for others.',
  'Everything is on one host. Nothing here says anything about networks.',
  'The bus is a program in user space and not the Bus1 of the kernel: a message takes one more wake-up of a process than a kernel’s bus would need, a call two. Read its latency as an upper bound, its order as the thing itself.',
  `On a virtual machine a core that sleeps is woken through the hypervisor: ${wakeUpPlace}, depends on how long the host polls before it lets the core go (halt polling), and hides most of what differs between contenders at \`two-cores\` and \`not-pinned\`. \`one-core\` has no such wake-up and shows the work itself.`,
  'On a host that others use, the second hardware thread of a core may be a neighbour’s, and while that is busy everything takes up to twice as long, for milliseconds or for minutes, without a trace in the time that is called stolen. A fixed piece of work beside each block tells how often that was so; no figure is corrected by it, and contenders are interleaved, so that ratios suffer less than times. Two runs are compared at the same pace of the cores.',
  'Contenders differ in what they do besides carrying bytes: D-Bus checks policies and routes names, gRPC speaks HTTP/2, NATS crosses the loopback network. A ratio says what a user pays, not who programs better.',
  'Inversions are provoked by load and by the scheduler. How often they happen is a property of this machine; that they can happen is a property of the transport.',
];

/** Why the harness can be believed, in numbers of the run, stands beside this. */
export const trustIntroduction =
  'How much of a figure is the harness itself, what the machine did meanwhile, and on what all this was measured.';
