/**
 * What the supervisor says to people as things happen (supervisor U13, U17).
 */
import { constants } from 'node:os';
import type { Time, Timer } from '../contract/index.js';
import type { ServiceEvent, ServiceGraph, ServiceNote, ServiceRecord } from '../service/index.js';
import type { Diagnostics } from './diagnostics.js';
import { errnoText, failureText } from './failure-text.js';
import type { InitReport } from './init-client.js';
import { waitsFor } from './status.js';

/** How often a shutdown says what it waits for. */
const progressMs = 5000;
/** How many names such a line has. */
const progressNames = 5;

export class Reporter {
  readonly #diagnostics: Diagnostics;
  readonly #graph: ServiceGraph;
  readonly #progress: Timer;
  #hasToldUnstored = false;

  constructor(diagnostics: Diagnostics, time: Time, graph: ServiceGraph) {
    this.#diagnostics = diagnostics;
    this.#graph = graph;
    this.#progress = time.createTimer(() => this.#sayProgress());
  }

  event(record: ServiceRecord, kind: ServiceEvent): void {
    const { name } = record;
    if (kind === 'started') this.#diagnostics.started(name);
    else if (kind === 'failed-start') this.#diagnostics.failed(name, failureText(record));
    else if (kind === 'stopped' && !record.hasFailedStart) {
      const hasEnded = record.stopReason === 'terminated' || record.stopReason === 'watchdog';
      if (!hasEnded) this.#diagnostics.stopped(name);
      else if (record.desired === 'started') this.#diagnostics.stopped(name, failureText(record));
      else this.#diagnostics.failed(name, failureText(record));
    }
  }

  note(record: ServiceRecord, note: ServiceNote): void {
    this.#diagnostics.note(`${record.name}: ${note.replaceAll('-', ' ')}`);
  }

  /** A request that init refused. */
  refused(event: Extract<InitReport, { readonly kind: 'refused' }>): void {
    const reason = errnoText(event.errno);
    // A process that has ended before its signal came: its exit is on the way.
    if (event.request === 'signal' && event.errno === constants.errno.ESRCH) return;
    if (event.request !== 'store') {
      this.#diagnostics.error(`init refuses ${event.request ?? 'a request'}: ${reason}`);
    } else if (!this.#hasToldUnstored) {
      this.#hasToldUnstored = true;
      this.#diagnostics.error(
        `init cannot keep ${event.name}, which a restarted broker will miss: ${reason}`,
      );
    }
  }

  /** From now on says now and then which services are not stopped yet. */
  beginProgress(): void {
    this.#progress.arm(progressMs);
  }

  endProgress(): void {
    this.#progress.disarm();
  }

  #sayProgress(): void {
    const active = [...this.#graph].filter((record) => record.state !== 'stopped');
    const shown = active.slice(0, progressNames).map((record) => {
      const [reason] = waitsFor(record);
      return reason === undefined ? record.name : `${record.name} (${reason})`;
    });
    const more = active.length > shown.length ? `, and ${active.length - shown.length} more` : '';
    this.#diagnostics.note(`shutting down, waiting for ${shown.join(', ')}${more}`);
    this.#progress.arm(progressMs);
  }
}
