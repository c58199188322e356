/**
 * What the machine says about processes and users, for answers that people read: handed in, so that tests say it themselves.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { parseAccounts } from '../supervisor/accounts.js';

/** Names, asked for once and remembered as long as the object is kept: for one answer. Empty for what is not known. */
export interface MachineNames {
  /** The name of a process's program (`/proc/PID/comm`, proc_pid_comm(5)). */
  program(pid: number): string;
  user(uid: number): string;
}

/** The manager's own process. */
export interface Vitals {
  readonly cpuMs: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly descriptors: number;
  /** RLIMIT_NOFILE; 0: unlimited. */
  readonly descriptorsMax: number;
}

export interface Machine {
  names(): MachineNames;
  vitals(): Vitals;
}

/** Names that one object remembers; then it begins again. */
const namesMax = 4_096;

class ProcNames implements MachineNames {
  readonly #programs = new Map<number, string>();
  #users: ReturnType<typeof parseAccounts> | undefined;

  program(pid: number): string {
    let name = this.#programs.get(pid);
    if (name === undefined) {
      if (this.#programs.size >= namesMax) this.#programs.clear();
      name = pid > 0 ? readText(`/proc/${pid}/comm`).trimEnd() : '';
      this.#programs.set(pid, name);
    }
    return name;
  }

  user(uid: number): string {
    this.#users ??= parseAccounts(readText('/etc/passwd'), '');
    return this.#users.byUid(uid)?.name ?? '';
  }
}

/** Empty if it cannot be read. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

export function createMachine(): Machine {
  return {
    names: () => new ProcNames(),
    vitals: () => {
      const { user, system } = process.cpuUsage();
      const { rss, heapUsed } = process.memoryUsage();
      const limit = /^Max open files\s+(\d+)/m.exec(readText('/proc/self/limits'))?.[1];
      return {
        cpuMs: (user + system) / 1000,
        residentBytes: rss,
        heapBytes: heapUsed,
        descriptors: countDescriptors(),
        descriptorsMax: Number(limit ?? 0),
      };
    },
  };
}

/** The size of the directory is the count where the kernel says so (Linux 6.2); elsewhere its entries are counted. */
function countDescriptors(): number {
  try {
    return statSync('/proc/self/fd').size || readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}
