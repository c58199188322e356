/**
 * What a command writes: results on standard output, errors and advice on standard error. With `--json` every result is one
 * object on a line of its own, with names that do not change.
 */
import type { Writable } from 'node:stream';

/** A value of a JSON result; `undefined` entries are left out. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly color: boolean;
}

const colors = { red: 31, green: 32, yellow: 33, blue: 34, gray: 90, bold: 1 } as const;
export type Color = keyof typeof colors;

export class Output {
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  readonly hasColor: boolean;
  readonly #out: Writable;
  readonly #err: Writable;

  constructor(out: Writable, err: Writable, options: OutputOptions) {
    this.#out = out;
    this.#err = err;
    this.isJson = options.json;
    this.isQuiet = options.quiet;
    this.hasColor = options.color;
  }

  /** A result: the object with `--json`, else the text, which `--quiet` keeps back. */
  result(json: Json, text: () => string): void {
    if (this.isJson) this.object(json);
    else if (!this.isQuiet) this.#out.write(`${text()}\n`);
  }

  /** What was asked for, also with `--quiet`. */
  text(line: string): void {
    this.#out.write(`${line}\n`);
  }

  object(json: Json): void {
    this.#out.write(`${JSON.stringify(json)}\n`);
  }

  /** For people who wait; nothing with `--quiet` or `--json`. */
  note(line: string): void {
    if (!this.isJson && !this.isQuiet) this.#out.write(`${line}\n`);
  }

  error(line: string): void {
    this.#err.write(`${line}\n`);
  }

  /** An error: a line with what to do next below it, or one object. */
  failure(
    code: string,
    message: string,
    advice: string,
    details: Readonly<Record<string, Json | undefined>> = {},
  ): void {
    if (this.isJson) {
      this.error(
        JSON.stringify({ error: code, message, ...details, advice: advice === '' ? undefined : advice }),
      );
      return;
    }
    this.error(`capstan: ${message}`);
    if (advice !== '') this.error(`  ${advice}`);
  }

  paint(color: Color, text: string): string {
    return this.hasColor ? `\u001b[${colors[color]}m${text}\u001b[0m` : text;
  }
}
