/** Which names are allowed (services N1–N3). */
import { serviceNameBytesMax } from '../contract/limits.js';

/** The part of a service name before the first `@`, which is the file's name, and the argument after it. */
export function splitServiceName(name: string): { base: string; argument: string | undefined } {
  const at = name.indexOf('@');
  return at < 0
    ? { base: name, argument: undefined }
    : { base: name.slice(0, at), argument: name.slice(at + 1) };
}

/** What is wrong with a service name, for people; `undefined`: nothing. */
export function serviceNameFault(name: string): string | undefined {
  const { base, argument } = splitServiceName(name);
  if (base === '') return `'${name}' is not a service name: it must not be empty`;
  if (base.startsWith('.')) return `'${name}' is not a service name: it must not begin with a dot`;
  for (const character of base) {
    if (!/[A-Za-z0-9._-]/.test(character) && character.charCodeAt(0) < 128) {
      return `'${name}' is not a service name: ${JSON.stringify(character)} is not allowed in it`;
    }
  }
  if (argument !== undefined && /[\0\n]/.test(argument)) {
    return 'the argument of a service name must not have a NUL or the end of a line in it';
  }
  if (utf8Length(name) > serviceNameBytesMax) {
    return `a service name must not be longer than ${serviceNameBytesMax} bytes`;
  }
  return undefined;
}

function utf8Length(text: string): number {
  let length = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return length;
}

/** A character of a setting's name: no control character, no space, no ASCII punctuation but these three. */
export function isSettingNameCharacter(character: string): boolean {
  return /[A-Za-z0-9._-]/.test(character) || character.charCodeAt(0) >= 128;
}

export function canBeginSettingName(character: string): boolean {
  return isSettingNameCharacter(character) && !/[0-9.-]/.test(character);
}

/** The known name that is closest to a mistyped one, if it is at most two edits away. */
export function closestName(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = 3;
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue;
    const distance = editDistance(name, candidate);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
