/**
 * What processes spend, from the kernel's books: CPU time and time in the run queue (schedstat) and switches that nobody asked for
 * (status), of all their threads; see proc(5). Reading costs nothing while a block runs: the books are read before and after it.
 */
import { readdirSync, readFileSync } from 'node:fs';

export interface Account {
  readonly cpuNs: number;
  /** Ready to run, without a CPU. */
  readonly waitNs: number;
  /** Involuntary context switches. */
  readonly switches: number;
}

const nothing: Account = { cpuNs: 0, waitNs: 0, switches: 0 };

function add(one: Account, other: Account, sign = 1): Account {
  return {
    cpuNs: one.cpuNs + sign * other.cpuNs,
    waitNs: one.waitNs + sign * other.waitNs,
    switches: one.switches + sign * other.switches,
  };
}

function accountOfTask(directory: string): Account {
  const [cpuNs, waitNs] = readFileSync(`${directory}/schedstat`, 'utf8').split(' ').map(Number);
  const status = readFileSync(`${directory}/status`, 'utf8');
  const switches = Number(/^nonvoluntary_ctxt_switches:\s*(\d+)/m.exec(status)?.[1] ?? 0);
  return { cpuNs: cpuNs ?? 0, waitNs: waitNs ?? 0, switches };
}

/** What `read` gives, or what there is instead of it where a process or thread has ended meanwhile. */
function unlessEnded<T>(read: () => T, instead: T): T {
  try {
    return read();
  } catch {
    return instead;
  }
}

/**
 * What these processes have spent; nothing for one that has ended, whose block fails elsewhere. A thread that ends takes its own part with
 * it and nobody else's.
 */
export function accountOf(pids: readonly number[]): Account {
  const tasks = pids.flatMap((pid) => {
    const directory = `/proc/${pid}/task`;
    return unlessEnded(() => readdirSync(directory), []).map((task) => `${directory}/${task}`);
  });
  return sumOf(tasks.map((task) => unlessEnded(() => accountOfTask(task), nothing)));
}

/** What was spent between two readings. */
export function spentSince(before: Account, now: Account): Account {
  return add(now, before, -1);
}

export function sumOf(accounts: readonly Account[]): Account {
  return accounts.reduce((sum, account) => add(sum, account), nothing);
}
