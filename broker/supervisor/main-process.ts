/**
 * `MAINPID`: a service names the process that is to be taken for its own (services W8). The number is looked at once: from then on a
 * pidfd is what is meant, here, at init for a broker that comes after, and when init is asked to watch the process.
 *
 * A service gains nothing by naming a process. It must live below init, not below (or be) the process of another service, and run
 * as the service's own user, unless the service is root: what the service could signal itself. And it must outlive the
 * process that names it: what is in that one's group would end with it (supervisor U3).
 */
import type { ServiceRecord } from '../service/index.js';
import type { Platform } from './platform.js';

export interface MainProcessQuery {
  readonly platform: Pick<Platform, 'openProcess' | 'describeProcess' | 'isRunning' | 'close'>;
  readonly record: ServiceRecord;
  /** Who the service's processes run as when its description does not say: the manager itself. */
  readonly managerUid: number;
  readonly initPid: number;
  readonly brokerPid: number;
  /** The process of a service, but not of this one. */
  readonly isOthers: (pid: number) => boolean;
}

/** How far below init a process may be; a longer way is not gone. */
const depthMax = 64;

/**
 * A pidfd, which is the caller's, of the process that `pid` means now; `itself` where the service has named its own process; else
 * why it is refused, for people.
 */
export function claimMainProcess(
  pid: number,
  query: MainProcessQuery,
): number | 'itself' | { readonly why: string } {
  const { platform, record } = query;
  if (pid === record.pid) return 'itself';
  let pidfd: number;
  try {
    pidfd = platform.openProcess(pid);
  } catch {
    return { why: 'there is no such process' };
  }
  const why = refusal(pid, query);
  // Only if it still runs now was everything that was read about the number read about the process.
  if (why === undefined && platform.isRunning(pidfd)) return pidfd;
  platform.close(pidfd);
  return { why: why ?? 'it has ended' };
}

function refusal(pid: number, query: MainProcessQuery): string | undefined {
  const { platform, record, managerUid } = query;
  const { runAs, signalsProcessOnly } = record.description;
  const process = platform.describeProcess(pid);
  if (process === undefined) return 'there is no such process';
  const uid = runAs?.uid ?? managerUid;
  if (uid !== 0 && process.uid !== uid) return `it runs as user ${process.uid}, and the service as ${uid}`;
  if (!signalsProcessOnly && process.group === record.pid) {
    return "it is in the group of the service's process and would end with it: it needs a session of its own (setsid), or the service 'options = signal-process-only'";
  }
  return belongs(pid, query) ? undefined : "it is none of the service's processes";
}

/** Whether the way up from the process leads to the service's own, or to init past nobody else's. */
function belongs(pid: number, { platform, record, initPid, brokerPid, isOthers }: MainProcessQuery): boolean {
  let at = pid;
  for (let depth = 0; depth < depthMax; depth += 1) {
    if (at === record.pid) return true;
    if (at === brokerPid || isOthers(at)) return false;
    const parent = platform.describeProcess(at)?.parent ?? 0;
    if (parent === initPid) return true;
    if (parent <= 1) return false;
    at = parent;
  }
  return false;
}
