/**
 * A board of services: on a terminal a table that is drawn again where it stands, elsewhere a line for each change.
 */
import { stripVTControlCharacters } from 'node:util';
import type { ServiceEvent, ServiceStatus } from '../library/status.js';
import type { Output } from './output.js';
import { serviceTable } from './table.js';
import { eventText } from './words.js';

/** What of a terminal is needed here. */
export interface Screen {
  /** Undefined where it is not known. */
  readonly columns?: number;
  write(text: string): unknown;
}

export class Board {
  readonly #services = new Map<string, ServiceStatus>();
  readonly #output: Output;
  readonly #terminal: Screen | undefined;
  /** What stands on the terminal now, to be drawn over. */
  #drawn = '';

  /** With `terminal`, the table is drawn there and again over itself. */
  constructor(output: Output, terminal: Screen | undefined) {
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
    else if (this.#isNews(event)) this.#output.note(eventText(this.#output, event));
  }

  /** Lines that stay, on a terminal above the table. */
  say(...lines: readonly string[]): void {
    this.#erase();
    for (const line of lines) this.#output.note(line);
    if (this.#terminal !== undefined) this.draw(Date.now());
  }

  /** Draws the table, on a terminal over the one before. `nowMs` is wall-clock time. */
  draw(nowMs: number): void {
    const text = serviceTable(this.#output, this.services, nowMs);
    const terminal = this.#terminal;
    if (terminal === undefined) {
      this.#output.note(text);
      return;
    }
    this.#erase();
    terminal.write(`${text}\n`);
    this.#drawn = text;
  }

  /** Whether an event is worth a line. What was up before the first event is said once, so that no service is missing. */
  #isNews({ kind, status }: ServiceEvent): boolean {
    if (kind === 'current') return status?.state === 'started' || status?.isFailed === true;
    return kind !== 'state' && kind !== 'loaded';
  }

  /** Takes the table off the terminal. A line that is longer than the terminal is wide takes several. */
  #erase(): void {
    if (this.#drawn === '') return;
    const columns = this.#terminal?.columns ?? Number.POSITIVE_INFINITY;
    const rows = this.#drawn
      .split('\n')
      .map((line) => Math.max(1, Math.ceil(stripVTControlCharacters(line).length / columns)))
      .reduce((sum, count) => sum + count, 0);
    this.#drawn = '';
    // From the first column: a key that was pressed may have been echoed.
    this.#terminal?.write(`\r\u001b[${rows}A\u001b[J`);
  }
}
