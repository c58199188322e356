/**
 * Drives a client that can have many calls under way, in a closed loop or by a schedule.
 *
 * A call under way has a *slot*: its time of start, and the function that is called when it is done. Slots are made once and used again,
 * so that a sample costs two readings of the clock and a few stores, and no allocation (benchmark method, point 9; the harness's own cost
 * is measured with a client that answers at once).
 *
 * In a closed loop a call begins when one is answered. In an open loop the schedule says when: an *alarm* ends the event loop's sleep at
 * the next planned moment, and whatever ends it, everything that is due is sent. A client that is busy with answers looks at the clock
 * with each of them, so it needs no alarm to find what is due meanwhile. Times count from the planned moment, whatever delayed the
 * sending (points 3 and 12).
 */
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import type { Samples } from '../latency/samples.js';
import { loadAlarm } from './alarm.js';
import type { BlockNotes } from './client-port.js';

/** How a call ended: answered rightly, answered wrongly (a violation), or by an error or deadline of the contender's. */
export type Done = (outcome: boolean | 'failed') => void;

export interface PipelinedClient {
  /**
   * Begins call `number` (0, 1, 2 …), with the number in its payload, and calls `done` once when it has ended. Must not throw, and must
   * not call `done` before it returns if it can help it.
   */
  send(number: number, done: Done): void;
}

/** After this a call counts as failed, with this time at least (point 12); a sample can be 4.29 s at most. */
export const deadlineMs = 4_000;

/**
 * Calls under way in an open loop: more than anybody's queues hold. A client that is that far behind sends the next when one is answered;
 * its time runs from the planned moment all the same.
 */
const underWayMax = 4_096;

/** From the command until the first message of an open loop may be due. */
const leadMs = 1;

const free = 0;
const busy = 1;
const givenUp = 2;

/** What a block gives beside its samples. */
export interface PipelinedBlock extends BlockNotes {
  readonly violations: number;
  readonly errors: number;
}

export class Pipeline {
  readonly #client: PipelinedClient;
  readonly #starts = new Float64Array(underWayMax);
  readonly #states = new Uint8Array(underWayMax);
  readonly #freeSlots = new Int32Array(underWayMax);
  readonly #dones: Done[] = [];
  #freeCount = 0;
  #number = 0;
  #underWay = 0;
  #violations = 0;
  #errors = 0;
  #isSending = false;
  #samples: Samples | undefined;
  /** Planned moments of an open loop whose messages have not been sent. */
  #takeUnsent: () => Iterable<number> = () => [];
  /** Called after each call that has ended, with the time. */
  #onAnswer: (nowMs: number) => void = () => {};

  constructor(client: PipelinedClient) {
    this.#client = client;
  }

  /** A closed loop until `endMs` or until the samples are full. */
  async run(endMs: number, outstanding: number, gapMs: number, samples: Samples): Promise<PipelinedBlock> {
    return this.#block(samples, endMs, (finish) => {
      const again = (): void => {
        const nowMs = performance.now();
        if (nowMs < endMs && !samples.isFull) this.#start(nowMs);
        else if (this.#underWay === 0) finish();
      };
      this.#onAnswer = (nowMs) => {
        if (nowMs >= endMs || samples.isFull) {
          if (this.#underWay === 0) finish();
        } else if (gapMs > 0) setTimeout(again, gapMs);
        // A call that ended within its own sending must not lead to the next one on the same stack.
        else if (this.#isSending) setImmediate(again);
        else this.#start(performance.now());
      };
      const nowMs = performance.now();
      for (let at = 0; at < outstanding; at++) this.#start(at === 0 ? nowMs : performance.now());
    });
  }

  /** An open loop by a schedule. */
  async open(schedulePath: string, samples: Samples): Promise<PipelinedBlock> {
    const offsetsMs = readSchedule(schedulePath);
    const count = offsetsMs.length;
    const alarm = loadAlarm();
    const startMs = performance.now() + leadMs;
    let sent = 0;
    const sendDue = (nowMs: number): void => {
      while (sent < count && this.#underWay < underWayMax) {
        const plannedMs = startMs + (offsetsMs[sent] ?? 0);
        if (plannedMs > nowMs) return;
        sent++;
        this.#start(plannedMs);
      }
    };
    let isSet = false;
    // With too much under way, the next answer is what makes room.
    const setAlarm = (): void => {
      if (isSet || sent === count || this.#underWay === underWayMax) return;
      isSet = true;
      alarm.set(startMs + (offsetsMs[sent] ?? 0) - performance.now());
    };
    alarm.open(() => {
      isSet = false;
      sendDue(performance.now());
      setAlarm();
    });
    try {
      const block = await this.#block(samples, startMs + (offsetsMs[count - 1] ?? 0), (finish) => {
        this.#takeUnsent = function* () {
          while (sent < count) yield startMs + (offsetsMs[sent++] ?? 0);
        };
        this.#onAnswer = (nowMs) => {
          if (sent < count && !this.#isSending) {
            sendDue(nowMs);
            setAlarm();
          }
          if (sent === count && this.#underWay === 0) finish();
        };
        setAlarm();
      });
      return { ...block, elapsed_ns: Math.round((performance.now() - startMs) * 1e6) };
    } finally {
      alarm.close();
    }
  }

  /** One block: `begin` starts it, and what it is given ends it. Calls without an answer are given up a deadline after `endMs`. */
  async #block(
    samples: Samples,
    endMs: number,
    begin: (finish: () => void) => void,
  ): Promise<PipelinedBlock> {
    this.#samples = samples;
    this.#violations = 0;
    this.#errors = 0;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(
        () => {
          this.#giveUp();
          resolve();
        },
        Math.max(endMs - performance.now(), 0) + deadlineMs,
      );
      begin(resolve);
    });
    clearTimeout(timer);
    this.#onAnswer = () => {};
    this.#takeUnsent = () => [];
    return { violations: this.#violations, errors: this.#errors };
  }

  #start(startMs: number): void {
    const slot = this.#freeCount > 0 ? (this.#freeSlots[--this.#freeCount] ?? 0) : this.#createSlot();
    this.#starts[slot] = startMs;
    this.#states[slot] = busy;
    this.#underWay++;
    const wasSending = this.#isSending;
    this.#isSending = true;
    this.#client.send(this.#number, this.#dones[slot] as Done);
    this.#isSending = wasSending;
    this.#number = (this.#number + 1) >>> 0;
  }

  #createSlot(): number {
    const slot = this.#dones.length;
    if (slot === underWayMax) throw new Error('calls that were given up fill all slots');
    this.#dones.push((outcome) => this.#end(slot, outcome));
    return slot;
  }

  #end(slot: number, outcome: boolean | 'failed'): void {
    const state = this.#states[slot];
    if (state === free) {
      this.#violations++;
      return;
    }
    this.#states[slot] = free;
    this.#freeSlots[this.#freeCount++] = slot;
    if (state === givenUp) return;
    this.#underWay--;
    const nowMs = performance.now();
    const tookMs = nowMs - (this.#starts[slot] ?? 0);
    if (outcome === 'failed') this.#errors++;
    else if (!outcome) this.#violations++;
    this.#record(outcome === 'failed' ? Math.max(tookMs, deadlineMs) : tookMs);
    this.#onAnswer(nowMs);
  }

  #record(tookMs: number): void {
    if (this.#samples?.isFull === false) this.#samples.add(tookMs);
  }

  #giveUp(): void {
    const nowMs = performance.now();
    for (let slot = 0; slot < this.#dones.length; slot++) {
      if (this.#states[slot] !== busy) continue;
      this.#states[slot] = givenUp;
      this.#underWay--;
      this.#errors++;
      this.#record(Math.max(nowMs - (this.#starts[slot] ?? 0), deadlineMs));
    }
    // What was never sent because too much was under way has failed as well, and would make the figures better if it were missing.
    for (const plannedMs of this.#takeUnsent()) {
      this.#errors++;
      this.#record(Math.max(nowMs - plannedMs, deadlineMs));
    }
  }
}

/** The planned moments, in milliseconds from the start. */
function readSchedule(path: string): Float64Array {
  const bytes = readFileSync(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const offsetsMs = new Float64Array(bytes.byteLength / 8);
  for (let at = 0; at < offsetsMs.length; at++) offsetsMs[at] = Number(view.getBigUint64(at * 8, true)) / 1e6;
  return offsetsMs;
}
