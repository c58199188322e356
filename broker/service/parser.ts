/**
 * From text to statements: lines, settings, includes (services D1–D10, D18–D20). What a setting means is decided in `interpreter.ts`.
 * Reads on after an error, so that all of them are found at once.
 */
import { descriptionBytesMax, includeDepthMax } from '../contract/limits.js';
import type { Place } from './description.js';
import type { FindingKind } from './finding.js';
import { isBlank, type LogicalLine, splitLines } from './lines.js';
import { canBeginSettingName, isSettingNameCharacter } from './names.js';
import { directoryOf, joinPath } from './paths.js';
import type { DescriptionSource } from './source.js';
import { substitute, type Variables } from './substitution.js';
import { readWords, type Word } from './words.js';

export interface Statement {
  readonly setting: string;
  readonly operator: '=' | ':' | '+=';
  readonly words: readonly Word[];
  /** The value cannot be read, which was reported: it is not missing, and nothing more is to be said about it. */
  readonly isFaulty: boolean;
  /** Of the setting's name. */
  readonly place: Place;
  /** Where relative paths start from: the directory of the file that the line stands in. */
  readonly directory: string;
}

export type Report = (
  kind: FindingKind,
  place: Place,
  message: string,
  severity?: 'error' | 'warning',
) => void;

/** Place of the `index`-th character of a word. */
export function placeInWord(word: Word, index: number): Place {
  return word.line.place(word.offsets[index] ?? word.offset);
}

export class Parser {
  readonly statements: Statement[] = [];
  readonly #source: DescriptionSource;
  readonly #variables: Variables;
  readonly #report: Report;
  /** Real paths of the files that are being read, the outermost first. */
  readonly #open: string[] = [];
  #characters = 0;

  constructor(source: DescriptionSource, variables: Variables, report: Report) {
    this.#source = source;
    this.#variables = variables;
    this.#report = report;
  }

  /** Reads a file that was found; `path` is how it is named in findings. */
  parseFile(path: string, realPath: string, text: string): void {
    this.#characters += text.length;
    if (this.#characters > descriptionBytesMax) {
      const place = { path, line: 1, column: 1 };
      this.#report(
        'limit',
        place,
        `a description with its includes is limited to ${descriptionBytesMax} bytes`,
      );
      return;
    }
    this.#open.push(realPath);
    const directory = directoryOf(realPath);
    const lines = splitLines(path, text, (place, message) => this.#report('syntax', place, message));
    for (const line of lines) this.#parseLine(line, directory);
    this.#open.pop();
  }

  #parseLine(line: LogicalLine, directory: string): void {
    const { text } = line;
    let at = 0;
    while (isBlank(text[at])) at++;
    const first = text[at];
    if (first === undefined || first === '#') return;
    if (first === '@') {
      this.#parseMeta(line, at, directory);
      return;
    }
    const start = at;
    if (!canBeginSettingName(first)) {
      this.#report('syntax', line.place(at), 'badly formed line: a setting begins with a letter');
      return;
    }
    while (isSettingNameCharacter(text[at] ?? ' ')) at++;
    const setting = text.slice(start, at);
    while (isBlank(text[at])) at++;
    const operator = text.startsWith('+=', at) ? '+=' : text[at];
    if (operator !== '+=' && operator !== '=' && operator !== ':') {
      this.#report('syntax', line.place(at), `badly formed line: '=' or ':' must follow '${setting}'`);
      return;
    }
    const words = this.#readWords(line, at + operator.length);
    this.statements.push({
      setting,
      operator,
      words: words ?? [],
      isFaulty: words === undefined,
      place: line.place(start),
      directory,
    });
  }

  #readWords(line: LogicalLine, start: number): readonly Word[] | undefined {
    const { words, fault } = readWords(line, start);
    if (fault === undefined) return words;
    this.#report('syntax', line.place(fault.offset), fault.message);
    return undefined;
  }

  #parseMeta(line: LogicalLine, at: number, directory: string): void {
    let end = at + 1;
    while (end < line.text.length && !isBlank(line.text[end])) end++;
    const command = line.text.slice(at, end);
    if (command === '@meta') return;
    if (command !== '@include' && command !== '@include-opt') {
      this.#report('syntax', line.place(at), `bad meta command '${command}'`);
      return;
    }
    const words = this.#readWords(line, end);
    if (words === undefined) return;
    const [word] = words;
    if (word === undefined || words.length !== 1) {
      this.#report('syntax', line.place(at), `${command} needs exactly one path`);
      return;
    }
    const paths = substitute(word.text, this.#variables);
    if (!Array.isArray(paths)) {
      this.#report('substitution', placeInWord(word, paths.index), paths.message);
      return;
    }
    const place = line.place(word.offset);
    const [path] = paths;
    if (path === undefined || path === '' || paths.length !== 1) {
      this.#report('syntax', place, `${command} needs exactly one path`);
      return;
    }
    this.#include(joinPath(directory, path), place, command === '@include-opt');
  }

  #include(path: string, place: Place, isOptional: boolean): void {
    if (this.#open.length > includeDepthMax) {
      this.#report('limit', place, `includes are nested more than ${includeDepthMax} deep`);
      return;
    }
    const file = this.#source.read(path);
    if (file.kind === 'missing') {
      if (!isOptional) this.#report('file', place, `${path} does not exist`);
    } else if (file.kind === 'error') {
      this.#report('file', place, `${path} cannot be read: ${file.message}`);
    } else if (this.#open.includes(file.realPath)) {
      const cycle = [...this.#open.slice(this.#open.indexOf(file.realPath)), file.realPath];
      this.#report('file', place, `files include each other: ${cycle.join(' → ')}`);
    } else {
      this.parseFile(path, file.realPath, file.text);
    }
  }
}
