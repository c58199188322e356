/**
 * A world for the service engine: fake processes, fake timers, simulated time, and a log of what the engine asked for and
 * told. Nothing happens by itself; the test chooses what happens next, so that every interleaving can be forced.
 */
import type { ServiceActions, ServiceDescription, ServiceEngine } from '../../broker/service/index.js';
import { createServiceEngine } from '../../broker/service/index.js';
import type { DependencyLink, ServiceRecord } from '../../broker/service/record.js';
import type { DependencyKind, ExitStatus, ProcessPurpose, ServiceWord } from '../../broker/service/states.js';

export const exitCode = (code: number): ExitStatus => ({ kind: 'code', code });
export const exitSignal = (signal: number): ExitStatus => ({ kind: 'signal', signal });

/** More than any test takes between two looks at the log: the engine goes in circles. */
const logLinesMax = 2_000_000;

type Overrides = Partial<Omit<ServiceDescription, 'dependencies'>>;

/** `needs: ['a', 'soft b', 'milestone c']`. */
export function describe(
  name: string,
  type: ServiceDescription['type'],
  needs: readonly string[] = [],
  more: Overrides = {},
): ServiceDescription {
  const kinds: Record<string, DependencyKind> = { soft: 'waits-for', milestone: 'milestone' };
  return {
    name,
    path: `/d/${name}`,
    type,
    command: type === 'internal' ? [] : ['/bin/x'],
    stopCommand: [],
    dependencies: needs.map((need, index) => {
      const [first = '', second] = need.split(' ');
      return {
        kind: second === undefined ? 'regular' : (kinds[first] ?? 'regular'),
        name: second ?? first,
        place: { path: `/d/${name}`, line: index + 1, column: 1 },
        isFromDirectory: false,
      };
    }),
    restart: 'no',
    recoversSmoothly: false,
    restartDelayMs: 200,
    restartLimitIntervalMs: 10_000,
    restartLimitCount: 3,
    startTimeoutMs: 60_000,
    stopTimeoutMs: 10_000,
    workingDirectory: '/d',
    runAs: undefined,
    environment: [],
    log: { type: 'none', path: undefined, permissions: 0o600, bufferBytes: 4096 },
    termSignal: 15,
    isStartInterruptible: false,
    signalsProcessOnly: false,
    isSkippable: false,
    ...more,
  };
}

export class ServiceWorld {
  readonly engine: ServiceEngine;
  nowMs = 1000;
  /** What was asked for and told, one line each: `spawn a start`, `a started`. */
  log: string[] = [];
  /** Timers that are armed, with when they are due. */
  readonly timers = new Map<ServiceRecord, number>();
  /** Processes asked for and not answered. */
  readonly launching = new Set<string>();
  /** Processes that run. */
  readonly running = new Set<string>();
  /** Those of which `changed` told. */
  readonly unsaved = new Set<ServiceRecord>();
  hasEnded = false;
  #pid = 100;

  constructor(descriptions: readonly ServiceDescription[] = []) {
    this.engine = createServiceEngine(this.#actions());
    this.engine.add(descriptions);
  }

  #actions(): ServiceActions {
    const say = (line: string): void => {
      if (this.log.length >= logLinesMax)
        throw new Error(`the engine does not come to rest: ${this.log.slice(-20).join(', ')}`);
      this.log.push(line);
    };
    return {
      spawn: (record, purpose) => {
        this.launching.add(`${record.name} ${purpose}`);
        say(`spawn ${record.name} ${purpose}`);
      },
      signal: (record, purpose, signal, scope) => {
        if (!this.running.has(`${record.name} ${purpose}`)) throw new Error(`no ${record.name} ${purpose}`);
        say(`signal ${record.name} ${purpose} ${signal} ${scope}`);
      },
      arm: (record, delayMs) => {
        this.timers.set(record, this.nowMs + delayMs);
        say(`arm ${record.name} ${Math.round(delayMs * 1000) / 1000}`);
      },
      disarm: (record) => {
        this.timers.delete(record);
        say(`disarm ${record.name}`);
      },
      event: (record, event) => say(`${record.name} ${event}`),
      stateChanged: (record) => say(`${record.name}: ${record.state}`),
      said: (record) => say(`said ${record.name} ${record.activity} ${record.statusText}`),
      note: (record, note) => say(`note ${record.name} ${note}`),
      changed: (record) => {
        this.unsaved.add(record);
      },
      settled: () => {},
      allStopped: () => {
        this.hasEnded = true;
      },
    };
  }

  /** Another world in the same state: what a restarted broker would find. Its clock is ahead by `clockShiftMs`. */
  fork(clockShiftMs = 0): ServiceWorld {
    return this.forks()(clockShiftMs);
  }

  /** Gives any number of such worlds, all in the state of now; for many of them the state is written only once. */
  forks(): (clockShiftMs?: number) => ServiceWorld {
    const { nowMs, hasEnded } = this;
    const { isShuttingDown } = this.engine;
    const launching = [...this.launching];
    const running = [...this.running];
    const pid = this.#pid;
    const saved = [...this.engine.graph].map(({ description, name }) => ({
      description,
      text: JSON.stringify(this.engine.save(this.record(name))),
    }));
    return (clockShiftMs = 0) => {
      const copy = new ServiceWorld();
      copy.nowMs = nowMs + clockShiftMs;
      copy.#pid = pid;
      const records = saved.map(({ description, text }) => ({ description, record: JSON.parse(text) }));
      copy.engine.restore(records, copy.nowMs, clockShiftMs, isShuttingDown);
      for (const process of launching) copy.launching.add(process);
      for (const process of running) copy.running.add(process);
      copy.hasEnded ||= hasEnded;
      copy.log = [];
      return copy;
    };
  }

  /** Answers every launch, ends every process that is to end, until nothing is left to do; false: it never is. */
  settle(stepsMax = 200): boolean {
    for (let step = 0; step < stepsMax; step++) {
      const [launch] = this.launching;
      if (launch !== undefined) {
        const [name = '', purpose] = launch.split(' ');
        this.spawned(name, purpose === 'stop' ? 'stop' : 'start');
        continue;
      }
      const ending = [...this.running].find((process) => {
        const record = this.record(process.split(' ')[0] ?? '');
        if (record.state === 'started') return record.phase === 'ending';
        return record.state === 'starting' || (record.state === 'stopping' && record.phase !== 'waiting');
      });
      if (ending !== undefined) {
        const [name = '', purpose] = ending.split(' ');
        this.exited(name, exitCode(0), purpose === 'stop' ? 'stop' : 'start');
        continue;
      }
      // A watchdog is armed as long as its service is up.
      const timer = [...this.timers.keys()].find(
        (record) => record.state !== 'started' || record.phase !== 'none',
      );
      if (timer === undefined) return true;
      this.fire(timer.name);
    }
    return false;
  }

  record(name: string): ServiceRecord {
    const record = this.engine.graph.find(name);
    if (record === undefined) throw new Error(`no service ${name}`);
    return record;
  }

  state(name: string): string {
    return this.record(name).state;
  }

  /** The log since the last call, without the lines about timers and states unless `isFull`. */
  take(isFull = false): string[] {
    const lines = this.log;
    this.log = [];
    return isFull ? lines : lines.filter((line) => !/^(arm|disarm) |: /.test(line));
  }

  start(name: string, isPinned = false): ReturnType<ServiceEngine['start']> {
    return this.engine.start(this.record(name), this.nowMs, { isPinned });
  }

  stop(
    name: string,
    options: { isForced?: boolean; isPinned?: boolean } = {},
  ): ReturnType<ServiceEngine['stop']> {
    return this.engine.stop(this.record(name), this.nowMs, options);
  }

  spawned(name: string, purpose: ProcessPurpose = 'start'): void {
    if (!this.launching.delete(`${name} ${purpose}`)) throw new Error(`${name} ${purpose} is not launching`);
    this.running.add(`${name} ${purpose}`);
    this.engine.spawned(this.record(name), purpose, this.#pid++, this.nowMs);
  }

  spawnFailed(name: string, purpose: ProcessPurpose = 'start', errno = 2): void {
    if (!this.launching.delete(`${name} ${purpose}`)) throw new Error(`${name} ${purpose} is not launching`);
    this.engine.spawnFailed(this.record(name), purpose, 'exec', errno, this.nowMs);
  }

  exited(name: string, status: ExitStatus = exitCode(0), purpose: ProcessPurpose = 'start'): void {
    if (!this.running.delete(`${name} ${purpose}`)) throw new Error(`${name} ${purpose} does not run`);
    this.engine.exited(this.record(name), purpose, status, this.nowMs);
  }

  says(name: string, word: ServiceWord): void {
    this.engine.notified(this.record(name), word, this.nowMs);
  }

  /** Lets the timer of a service fire, at the time at which it is due. */
  fire(name: string): void {
    const record = this.record(name);
    const dueMs = this.timers.get(record);
    if (dueMs === undefined) throw new Error(`${name} has no timer`);
    this.timers.delete(record);
    this.nowMs = Math.max(this.nowMs, dueMs);
    this.engine.timerFired(record, this.nowMs);
  }

  /** Starts a service and answers every launch, scripts included, until nothing is left to do. */
  bringUp(name: string): void {
    this.start(name);
    for (let isBusy = true; isBusy; ) {
      isBusy = false;
      for (const launch of [...this.launching]) {
        const [service = '', purpose] = launch.split(' ');
        if (purpose !== 'start') continue;
        this.spawned(service);
        if (this.record(service).description.type === 'scripted') this.exited(service);
        isBusy = true;
      }
    }
    this.take();
  }
}

/**
 * The invariants, recounted from what can be seen; shares nothing with the engine. Returns what is wrong, to be empty.
 */
export function brokenInvariants(world: ServiceWorld): string[] {
  const problems: string[] = [];
  const requiredBy = new Map<ServiceRecord, number>();
  const needed = new Map<ServiceRecord, number>();
  const pinned = new Map<ServiceRecord, number>();
  const add = (map: Map<ServiceRecord, number>, record: ServiceRecord): unknown =>
    map.set(record, (map.get(record) ?? 0) + 1);
  for (const record of world.engine.graph) {
    if (record.isExplicit) add(requiredBy, record);
    for (const link of record.dependencies()) {
      if (link.isHolding) add(requiredBy, link.dependency);
      if (link.isNeeding) add(needed, link.dependency);
      if (link.isPinning) add(pinned, link.dependency);
      problems.push(...linkProblems(link));
    }
  }
  for (const record of world.engine.graph) {
    const say = (problem: string): unknown =>
      problems.push(`${record.name} (${record.state}, ${record.phase}): ${problem}`);
    if (record.requiredBy !== (requiredBy.get(record) ?? 0)) say('requiredBy is not the recount');
    if (record.needCount !== (needed.get(record) ?? 0)) say('needCount is not the recount');
    if (record.pinCount !== (pinned.get(record) ?? 0)) say('pinCount is not the recount');
    if (record.waitCount !== [...record.dependencies()].filter((link) => link.isWaiting).length)
      say('waitCount');
    if (record.desired === 'started' && record.requiredBy === 0) say('wanted by nobody');
    if (record.isInPropagation || record.isInTransition || record.isChanged) say('still queued');
    if (record.mustStart || record.mustStop !== 'none' || record.mustFail || record.mustRepin)
      say('work left');
    if ((record.processState === 'running') !== world.running.has(`${record.name} start`))
      say('process differs');
    if ((record.stopProcessState === 'running') !== world.running.has(`${record.name} stop`))
      say('stop process differs');
    if ((record.timerDueMs !== 0) !== world.timers.has(record)) say('timer differs');
    for (const problem of stateProblems(record)) say(problem);
  }
  return problems;
}

function linkProblems(link: DependencyLink): string[] {
  const { dependent, dependency, kind } = link;
  const problems: string[] = [];
  const edge = `${dependent.name} (${dependent.state}) -> ${dependency.name} (${dependency.state})`;
  const wants =
    dependent.state === 'starting' ||
    dependent.state === 'started' ||
    (dependent.state === 'stopping' && dependent.desired === 'started');
  if (kind === 'regular' && link.isHolding !== wants) problems.push(`${edge}: holding is ${link.isHolding}`);
  if (link.isHolding && !wants) problems.push(`${edge}: holds without wanting`);
  if (kind !== 'regular' && (link.isNeeding || link.isPinning))
    problems.push(`${edge}: a soft edge is needed`);
  const isUp =
    dependency.state === 'started' || (dependency.state === 'stopping' && dependency.phase === 'waiting');
  if (link.isNeeding && !isUp) problems.push(`${edge}: needed but not up`);
  const reliesOn =
    dependent.state === 'started' || dependent.state === 'stopping' || dependent.phase !== 'waiting';
  if (kind === 'regular' && dependent.state !== 'stopped' && reliesOn && !link.isNeeding) {
    problems.push(`${edge}: up without needing`);
  }
  if (link.isWaiting && dependent.state !== 'starting') problems.push(`${edge}: waits but is not starting`);
  const willCome =
    dependency.state === 'starting' || (dependency.state === 'stopping' && dependency.desired === 'started');
  const willEnd = dependency.state === 'stopping' && dependency.isPinnedStopped;
  if (link.isWaiting && !willCome && !willEnd) problems.push(`${edge}: waits for nothing`);
  return problems;
}

/** What a started service is watched for. */
function tendingProblems(record: ServiceRecord, isReady: boolean): string[] {
  const problems: string[] = [];
  const isTimed = record.timerDueMs !== 0;
  const isEnding = record.isHung || record.activity === 'stopping';
  if (record.processState === 'none') {
    if (record.phase !== 'none' && record.phase !== 'delaying') problems.push('phase without a process');
    if (isTimed !== (record.phase === 'delaying')) problems.push('timer without a process');
  } else if (!isReady) {
    const phase = record.processState === 'launching' ? 'launching' : 'running';
    if (record.phase !== phase && !record.isHung) problems.push('not ready, and not waited for');
  } else if (record.processState === 'running') {
    if (record.phase !== (isEnding ? 'ending' : 'none')) problems.push('ends and is not waited for, or not');
    if (record.phase === 'none' && isTimed !== record.watchdogMs > 0) problems.push('watchdog differs');
  }
  return problems;
}

function stateProblems(record: ServiceRecord): string[] {
  const problems: string[] = [];
  const isReady = record.isReady || record.description.readiness === undefined;
  const hasProcess = record.processState !== 'none' || record.stopProcessState !== 'none';
  switch (record.state) {
    case 'stopped':
      if (record.desired !== 'stopped' || record.requiredBy !== 0) problems.push('stopped but wanted');
      if (hasProcess || record.timerDueMs !== 0 || record.phase !== 'none')
        problems.push('stopped but not at rest');
      break;
    case 'starting':
      if (record.phase === 'waiting' && record.waitCount === 0) problems.push('waits for nothing');
      if (record.phase === 'running' && record.description.type === 'process' && isReady)
        problems.push('ready and not started');
      if (record.phase === 'delaying' && record.timerDueMs === 0) problems.push('delays without a timer');
      if (record.phase !== 'waiting' && record.phase !== 'delaying' && !hasProcess)
        problems.push('no process');
      break;
    case 'started':
      if (record.desired === 'stopped' && record.pendingStop === 'none') problems.push('unwanted, and stays');
      if (record.pendingStop !== 'none' && !record.isHeldStarted)
        problems.push('has a stop pending without a pin');
      problems.push(...tendingProblems(record, isReady));
      break;
    case 'stopping':
      if (record.phase === 'waiting' && record.needCount === 0) problems.push('waits for nothing');
      if (record.phase !== 'waiting' && !hasProcess) problems.push('no process');
      if (record.phase === 'none') problems.push('no phase');
      break;
  }
  return problems;
}
