/**
 * Variables in values (services V1–V6). Runs after quotes and escapes are gone, so neither of them protects a dollar; only a
 * second dollar does.
 */
import { isBlank } from './lines.js';

/** Where values come from: variables by name, and the service argument. */
export interface Variables {
  readonly environment: ReadonlyMap<string, string>;
  readonly argument: string | undefined;
}

export interface SubstitutionFault {
  /** Index of the dollar in the word. */
  readonly index: number;
  readonly message: string;
}

interface Reference {
  /** `$/`: the value is split into words. */
  readonly isSplit: boolean;
  readonly name: string;
  /** `-`, `+`, `:-`, `:+`, or nothing. */
  readonly operator: string;
  readonly word: string;
  readonly end: number;
}

/** The words that one word becomes: exactly one, unless it has a `$/` that splits or vanishes. */
export function substitute(text: string, variables: Variables): string[] | SubstitutionFault {
  if (!text.includes('$')) return [text];
  const words: string[] = [];
  let current = '';
  // A word that consists of vanished values vanishes itself; anything else in it makes it stay, even if empty.
  let isKept = false;
  for (let at = 0; at < text.length; ) {
    if (text[at] !== '$') {
      current += text[at++];
      isKept = true;
      continue;
    }
    if (text[at + 1] === '$') {
      current += '$';
      isKept = true;
      at += 2;
      continue;
    }
    const reference = readReference(text, at);
    if ('message' in reference) return reference;
    const value = resolve(reference, variables);
    if (value === undefined) return { index: at, message: 'the service has no argument: $1 is not set' };
    at = reference.end;
    if (!reference.isSplit) {
      current += value;
      isKept = true;
      continue;
    }
    for (const character of value) {
      if (!isBlank(character) && character !== '\n') {
        current += character;
        isKept = true;
      } else if (isKept) {
        words.push(current);
        current = '';
        isKept = false;
      }
    }
  }
  if (isKept) words.push(current);
  return words;
}

function readReference(text: string, dollar: number): Reference | SubstitutionFault {
  let at = dollar + 1;
  const isSplit = text[at] === '/';
  if (isSplit) at++;
  const isBraced = text[at] === '{';
  if (isBraced) at++;
  const name = /^(?:[0-9]+|(?:\w|[^\0-\x7f])*)/.exec(text.slice(at))?.[0] ?? '';
  if (name === '') {
    return { index: dollar, message: "a variable's name must follow '$'; write '$$' for a dollar" };
  }
  if (/^[0-9]/.test(name) && name !== '1') {
    return { index: dollar, message: `there is no argument $${name}: a service has only $1` };
  }
  at += name.length;
  if (!isBraced) return { isSplit, name, operator: '', word: '', end: at };
  const operator = /^:?[-+]/.exec(text.slice(at))?.[0] ?? '';
  at += operator.length;
  const start = at;
  if (operator !== '') while (at < text.length && text[at] !== '}' && !isBlank(text[at])) at++;
  if (text[at] !== '}') return { index: dollar, message: `'\${${name}' is not closed by '}'` };
  return { isSplit, name, operator, word: text.slice(start, at), end: at + 1 };
}

/** `undefined`: the argument is asked for, and there is none. */
function resolve(reference: Reference, variables: Variables): string | undefined {
  const { name, operator, word } = reference;
  const isArgument = name === '1';
  const value = isArgument ? variables.argument : variables.environment.get(name);
  const isSet = value !== undefined && !(operator.startsWith(':') && value === '');
  if (operator.endsWith('-')) return isSet ? value : word;
  if (operator.endsWith('+')) return isSet ? word : '';
  return value ?? (isArgument ? undefined : '');
}
