/**
 * Which rules of a document are cited by which test: a title begins with the numbers of the rules that it proves.
 *
 *     test('S4 credentials are those of …')     test.serial('S14, S12 who comes through a door …')     test('M5, T1: a node …')
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot, sourceFiles } from '../support/source-tree.js';

/** A document whose rules are all proven by tests. */
export interface RuleDocument {
  /** Relative to the project's root. A rule is a line that begins with `- **S1**`. */
  readonly path: string;
  /** The tests whose titles count, by prefixes of their paths. Numbers of another document mean something else elsewhere. */
  readonly tests: readonly string[];
  /** Rules that no test can prove, with the reason. */
  readonly missing: Readonly<Record<string, string>>;
}

/** The numbers of the rules in a text, in order. A `+` behind a number is no part of it. */
export function rulesIn(text: string): string[] {
  return [...text.matchAll(/^- \*\*([A-Z]+\d+)(?: \+)?\*\*/gm)].map(([, rule]) => rule ?? '');
}

/** The numbers with which a title begins. */
export function rulesOf(title: string): string[] {
  const [numbers = ''] = /^(?:[A-Z]+\d+(?:, |\b))+/.exec(title) ?? [];
  return numbers.match(/[A-Z]+\d+/g) ?? [];
}

/** The titles of the tests in a source text: the first argument of `test` and its kin, where it is a literal. */
export function titlesIn(source: string): string[] {
  const calls = source.matchAll(/\btest(?:\.serial)?\(\s*(['"`])((?:\\.|(?!\1)[\s\S])*)\1/g);
  return [...calls].map(([, , title]) => title ?? '');
}

/** The rules of the document that no title cites, and those of its exceptions that are cited or are none of its rules. */
export function unprovenRules(document: RuleDocument): { unproven: string[]; needless: string[] } {
  const rules = rulesIn(readFileSync(join(projectRoot, document.path), 'utf8'));
  const cited = new Set<string>();
  for (const { path, text } of sourceFiles(['test'], ['.test.ts'])) {
    if (!document.tests.some((prefix) => path.startsWith(prefix))) continue;
    for (const title of titlesIn(text)) for (const rule of rulesOf(title)) cited.add(rule);
  }
  const exceptions = Object.keys(document.missing);
  return {
    unproven: rules.filter((rule) => !cited.has(rule) && !exceptions.includes(rule)),
    needless: exceptions.filter((rule) => cited.has(rule) || !rules.includes(rule)),
  };
}
