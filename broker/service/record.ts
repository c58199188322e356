/**
 * `ServiceRecord`: the live counterpart of a description, and `DependencyLink`: one edge of the graph.
 *
 * Both are made when a service is loaded and carry everything the engine will ever need for it: queue links, list links,
 * counters. So starting and stopping allocates nothing and cannot fail for want of memory (design §7.2).
 *
 * Everything here may be read by anybody. The engine alone writes, except `host` and `control`.
 */
import type { ServiceDescription } from './description.js';
import type {
  DependencyKind,
  DesiredState,
  ExitStatus,
  ProcessState,
  ServiceActivity,
  ServicePhase,
  ServiceState,
  StopReason,
} from './states.js';

/** How a stop that has been asked for treats automatic restart; the later ones win over the earlier. */
export type StopMode = 'none' | 'auto' | 'restart' | 'inhibit';

/** An edge: `dependent` depends on `dependency`. A member of two intrusive lists, one at each end. */
export class DependencyLink {
  readonly kind: DependencyKind;
  readonly dependent: ServiceRecord;
  readonly dependency: ServiceRecord;
  /** The dependent requires the dependency: counted in its `requiredBy`. */
  isHolding = false;
  /** The dependent is starting and waits for the dependency: counted in its `waitCount`. */
  isWaiting = false;
  /** The dependent is up and relies on the dependency, which must not go down first: counted in its `needCount`. */
  isNeeding = false;
  /** The dependent is pinned started and so pins the dependency: counted in its `pinCount`. */
  isPinning = false;
  nextDependency: DependencyLink | undefined;
  nextDependent: DependencyLink | undefined;
  previousDependent: DependencyLink | undefined;

  constructor(dependent: ServiceRecord, dependency: ServiceRecord, kind: DependencyKind) {
    this.dependent = dependent;
    this.dependency = dependency;
    this.kind = kind;
  }
}

export class ServiceRecord {
  readonly name: string;
  readonly description: ServiceDescription;
  /** A small number, unique among the loaded services and reused after unloading: an index for arrays and wire formats. */
  readonly slot: number;

  state: ServiceState = 'stopped';
  desired: DesiredState = 'stopped';
  phase: ServicePhase = 'none';
  /** Somebody asked for it by name, and has not taken it back. */
  isExplicit = false;
  /** 1 if explicit, plus the dependents that hold it. */
  requiredBy = 0;
  isPinnedStarted = false;
  isPinnedStopped = false;
  /** Dependents that are pinned started and so keep this one up. */
  pinCount = 0;

  /** The process of `command`. */
  processState: ProcessState = 'none';
  /** 0: none. */
  pid = 0;
  /** The process of `stop-command`. */
  stopProcessState: ProcessState = 'none';
  stopPid = 0;
  /** How the process of `command` ended last. */
  exitStatus: ExitStatus | undefined;
  stopReason: StopReason = 'normal';
  /** After `exec-failed`: where in the launch, and the errno. */
  execStage = '';
  execErrno = 0;
  /** The start command was interrupted by hand and the service is `skippable`. */
  isSkipped = false;
  hasFailedStart = false;

  /** What the process of `command` has said since it was launched. */
  isReady = false;
  activity: ServiceActivity = 'none';
  /** Kept after its end, because it may say why. */
  statusText = '';
  /** 0: none. */
  saidErrno = 0;
  /** -1: none. */
  saidExit = -1;
  /** The longest time between two signs of life; 0: no watchdog. */
  watchdogMs = 0;
  /** Its watchdog has expired, and it was signalled. */
  isHung = false;

  /** When it was last launched and when it became started, in the engine's time; -Infinity: never. */
  launchedAtMs = Number.NEGATIVE_INFINITY;
  startedAtMs = Number.NEGATIVE_INFINITY;
  /** The restart window: when it began, and the automatic restarts since. */
  restartWindowAtMs = Number.NEGATIVE_INFINITY;
  restartCount = 0;
  /** When the armed timer is due, in the engine's time; 0: not armed. */
  timerDueMs = 0;

  /** Its stop can no longer be cancelled, and so neither can that of its dependents. */
  isCommitted = false;
  /** It is coming up again by itself, so the restart delay applies. */
  isAutoRestart = false;
  /** A stop that waits: for the end of a start that cannot be interrupted, or for a pin to be removed. */
  pendingStop: StopMode = 'none';
  /** The start command is to be interrupted as soon as it is launched. */
  isInterruptPending = false;

  waitCount = 0;
  needCount = 0;

  /** For the supervisor: its object for this service, so that it needs no look-up. */
  host: unknown;
  /** For the control objects, likewise. */
  control: unknown;

  /** Own edges, in the order of the description. */
  firstDependency: DependencyLink | undefined;
  lastDependency: DependencyLink | undefined;
  /** Edges of those that depend on this, in the order in which they were loaded. */
  firstDependent: DependencyLink | undefined;
  lastDependent: DependencyLink | undefined;

  /** Work for the propagation phase, and membership of the queues; all clear between two public calls. */
  mustStart = false;
  mustStop: StopMode = 'none';
  mustCommit = false;
  mustFail = false;
  mustRepin = false;
  isInPropagation = false;
  nextInPropagation: ServiceRecord | undefined;
  isInTransition = false;
  nextInTransition: ServiceRecord | undefined;
  isChanged = false;
  nextChanged: ServiceRecord | undefined;

  constructor(description: ServiceDescription, slot: number) {
    this.name = description.name;
    this.description = description;
    this.slot = slot;
  }

  /** Pinned started itself, or through a dependent that is. */
  get isHeldStarted(): boolean {
    return this.isPinnedStarted || this.pinCount > 0;
  }

  /** The edges to its dependencies, in the order of the description. */
  *dependencies(): IterableIterator<DependencyLink> {
    for (let link = this.firstDependency; link !== undefined; link = link.nextDependency) yield link;
  }

  /** The edges from its dependents. */
  *dependents(): IterableIterator<DependencyLink> {
    for (let link = this.firstDependent; link !== undefined; link = link.nextDependent) yield link;
  }
}
