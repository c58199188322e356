/**
 * What a program writes to its standard error. It goes to a file and not through a pipe: whatever the program had written before
 * something else of it was noticed (its end, a connection) can be read at that moment, in whichever order the events came.
 */
import { closeSync, openSync, readFileSync } from 'node:fs';

export class Said {
  /** For the program, to write to. */
  readonly descriptor: number;
  readonly #path: string;
  #kept: string | undefined;

  constructor(path: string) {
    this.#path = path;
    this.descriptor = openSync(path, 'a', 0o600);
  }

  /** Everything that was written until now. */
  get text(): string {
    return this.#kept ?? readFileSync(this.#path, 'utf8');
  }

  /** When the program has the descriptor. */
  given(): void {
    closeSync(this.descriptor);
  }

  /** Keeps the text when the file is about to be removed. Idempotent. */
  keep(): void {
    this.#kept = this.text;
  }
}
