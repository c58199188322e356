/**
 * A board of services: on a terminal a table that is drawn again where it stands, elsewhere a line for each change.
 */
import type { Writable } from 'node:stream';
import type { ServiceEvent, ServiceStatus } from '../library/status.js';
import type { Output } from './output.js';
import { serviceTable } from './table.js';
import { eventText } from './words.js';

export class Board {
  readonly #services = new Map<string, ServiceStatus>();
  readonly #output: Output;
  readonly #terminal: Writable | undefined;
  #linesDrawn = 0;

  /** With `terminal`, the table is drawn there and again over itself. */
  constructor(output: Output, terminal: Writable | undefined) {
    this.#output = output;
    this.#terminal = terminal;
  }

  /** Whether every service is where it was asked to be. */
  get isSettled(): boolean {
    return [...this.#services.values()].every(({ state }) => state === 'started' || state === 'stopped');
  }

  get services(): readonly ServiceStatus[] {
    return [...this.#services.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  find(name: string): ServiceStatus | undefined {
    return this.#services.get(name);
  }

  /** Takes an event in and shows it. */
  tell(event: ServiceEvent): void {
    const { kind, status } = event;
    if (status === undefined) return;
    if (kind === 'unloaded') this.#services.delete(status.name);
    else this.#services.set(status.name, status);
    if (this.#terminal !== undefined) this.draw(Date.now());
    else if (kind !== 'state' && kind !== 'current' && kind !== 'loaded') {
      this.#output.note(eventText(this.#output, event));
    }
  }

  /** Draws the table, on a terminal over the one before. `nowMs` is wall-clock time. */
  draw(nowMs: number): void {
    const text = serviceTable(this.#output, this.services, nowMs);
    const terminal = this.#terminal;
    if (terminal === undefined) {
      this.#output.note(text);
      return;
    }
    const up = this.#linesDrawn > 0 ? `\u001b[${this.#linesDrawn}A` : '';
    terminal.write(`${up}\u001b[J${text}\n`);
    this.#linesDrawn = text.split('\n').length;
  }

  /** What is written next stands below the table, which begins anew after it. */
  leave(): void {
    this.#linesDrawn = 0;
  }
}
