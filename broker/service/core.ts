/**
 * The primitives of the engine: queues, counters and marks, each changed in one place. Nothing here decides anything; the
 * decisions are in `start.ts`, `stop.ts` and `process.ts`, the order of them in `engine.ts`.
 */
import type { ServiceActions } from './actions.js';
import { RecordQueue } from './queue.js';
import type { DependencyLink, ServiceRecord, StopMode } from './record.js';
import type { ServiceState } from './states.js';

const weight: Readonly<Record<StopMode, number>> = { none: 0, auto: 1, restart: 2, inhibit: 3 };

/** The stronger of two stop modes. */
export function strongerMode(a: StopMode, b: StopMode): StopMode {
  return weight[a] >= weight[b] ? a : b;
}

export class EngineCore {
  readonly actions: ServiceActions;
  readonly propagation = new RecordQueue('nextInPropagation', 'isInPropagation');
  readonly transition = new RecordQueue('nextInTransition', 'isInTransition');
  readonly changed = new RecordQueue('nextChanged', 'isChanged');
  nowMs = 0;
  activeCount = 0;
  isShuttingDown = false;

  constructor(actions: ServiceActions) {
    this.actions = actions;
  }

  /** Queues the record for the propagation phase. */
  propagate(record: ServiceRecord): void {
    this.changed.push(record);
    this.propagation.push(record);
  }

  setState(record: ServiceRecord, state: ServiceState): void {
    if (record.state === 'stopped') this.activeCount++;
    if (state === 'stopped') this.activeCount--;
    record.state = state;
    this.changed.push(record);
    this.actions.stateChanged(record);
  }

  /** 0 ms means no timeout, as in descriptions: then the timer is only disarmed. */
  arm(record: ServiceRecord, delayMs: number): void {
    if (delayMs <= 0) {
      this.disarm(record);
      return;
    }
    // 0 stands for "not armed", which a clock that starts at zero must not produce.
    record.timerDueMs = this.nowMs + delayMs || Number.MIN_VALUE;
    this.changed.push(record);
    this.actions.arm(record, delayMs);
  }

  disarm(record: ServiceRecord): void {
    if (record.timerDueMs === 0) return;
    record.timerDueMs = 0;
    this.changed.push(record);
    this.actions.disarm(record);
  }

  hold(link: DependencyLink): void {
    if (link.isHolding) return;
    link.isHolding = true;
    link.dependency.requiredBy++;
    this.changed.push(link.dependent);
    this.changed.push(link.dependency);
  }

  /** Who is not required any more is looked at in the propagation phase. */
  unhold(link: DependencyLink): void {
    if (!link.isHolding) return;
    link.isHolding = false;
    link.dependency.requiredBy--;
    this.changed.push(link.dependent);
    if (link.dependency.requiredBy === 0) this.propagate(link.dependency);
    else this.changed.push(link.dependency);
  }

  /** Holds every dependency, and asks those to start that are not wanted up now. */
  holdAll(record: ServiceRecord): void {
    for (let link = record.firstDependency; link !== undefined; link = link.nextDependency) {
      this.hold(link);
      if (link.dependency.desired === 'stopped') this.requestStart(link.dependency);
    }
  }

  unholdAll(record: ServiceRecord): void {
    for (let link = record.firstDependency; link !== undefined; link = link.nextDependency) this.unhold(link);
  }

  requestStart(record: ServiceRecord): void {
    record.mustStart = true;
    this.propagate(record);
  }

  requestStop(record: ServiceRecord, mode: StopMode, isCommitted: boolean): void {
    record.mustStop = strongerMode(record.mustStop, mode);
    record.mustCommit ||= isCommitted;
    this.propagate(record);
  }

  mark(record: ServiceRecord): void {
    if (record.isExplicit) return;
    record.isExplicit = true;
    record.requiredBy++;
    this.propagate(record);
  }

  unmark(record: ServiceRecord): void {
    if (!record.isExplicit) return;
    record.isExplicit = false;
    record.requiredBy--;
    this.propagate(record);
  }

  wait(link: DependencyLink): void {
    link.isWaiting = true;
    link.dependent.waitCount++;
    this.changed.push(link.dependent);
  }

  /** The last wait that ends lets the dependent come up. */
  endWait(link: DependencyLink): void {
    link.isWaiting = false;
    link.dependent.waitCount--;
    this.changed.push(link.dependent);
    if (link.dependent.waitCount === 0) this.transition.push(link.dependent);
  }

  /** The dependent is up, or comes up, on this dependency; a milestone and a soft dependency are not relied on. */
  need(link: DependencyLink): void {
    if (link.kind !== 'regular' || link.isNeeding) return;
    link.isNeeding = true;
    link.dependency.needCount++;
    this.changed.push(link.dependent);
  }

  /** The last need that ends lets the dependency go down. */
  endNeed(link: DependencyLink): void {
    if (!link.isNeeding) return;
    link.isNeeding = false;
    link.dependency.needCount--;
    this.changed.push(link.dependent);
    if (link.dependency.needCount === 0) this.transition.push(link.dependency);
  }

  /** Sets or removes the record's own start pin; its dependencies follow in the propagation phase. */
  setPinnedStarted(record: ServiceRecord, isPinned: boolean): void {
    if (record.isPinnedStarted === isPinned) return;
    record.isPinnedStarted = isPinned;
    this.pinChanged(record);
  }

  /** A pin came or went: tell the dependencies, and do what the pin held up. */
  pinChanged(record: ServiceRecord): void {
    record.mustRepin = true;
    this.propagate(record);
    if (record.isHeldStarted || record.pendingStop === 'none') return;
    const mode = record.pendingStop;
    record.pendingStop = 'none';
    this.requestStop(record, mode, record.isCommitted);
  }

  /** Hands the record's effective start pin on to its regular dependencies. */
  repin(record: ServiceRecord): void {
    const isHeld = record.isHeldStarted;
    for (let link = record.firstDependency; link !== undefined; link = link.nextDependency) {
      if (link.kind !== 'regular' || link.isPinning === isHeld) continue;
      link.isPinning = isHeld;
      const { dependency } = link;
      dependency.pinCount += isHeld ? 1 : -1;
      this.changed.push(record);
      this.pinChanged(dependency);
    }
  }
}
