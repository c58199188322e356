/**
 * The value of a setting as words (services D3, D5, D6): quotes and escapes removed, comments cut off. A value that is not a list
 * is its words joined by one space.
 */
import { isBlank, type LogicalLine } from './lines.js';

/** A word without its quotes; knows where each of its characters came from. */
export interface Word {
  readonly text: string;
  readonly line: LogicalLine;
  /** For each character its offset in the line. */
  readonly offsets: readonly number[];
  /** Where the word begins, an opening quote included. */
  readonly offset: number;
}

export interface WordFault {
  readonly offset: number;
  readonly message: string;
}

/** Reads the words from `start` to the end of the line; a fault ends the reading. */
export function readWords(line: LogicalLine, start: number): { words: Word[]; fault: WordFault | undefined } {
  const { text } = line;
  const words: Word[] = [];
  let at = start;
  while (at < text.length) {
    if (isBlank(text[at])) {
      at++;
      continue;
    }
    if (text[at] === '#' && isBlank(text[at - 1])) break;
    const read = readWord(line, at);
    if ('message' in read) return { words, fault: read };
    words.push(read.word);
    at = read.end;
  }
  return { words, fault: undefined };
}

function readWord(line: LogicalLine, start: number): { word: Word; end: number } | WordFault {
  const { text } = line;
  const offsets: number[] = [];
  let content = '';
  let quote = -1;
  let at = start;
  for (; at < text.length; at++) {
    const character = text[at];
    if (quote < 0 && isBlank(character)) break;
    if (character === '"') {
      quote = quote < 0 ? at : -1;
      continue;
    }
    if (quote < 0 && character === '#') {
      return { offset: at, message: "'#' begins a comment only after white space; quote it to mean it" };
    }
    if (character === '\\') {
      at++;
      if (at >= text.length) return { offset: at - 1, message: 'nothing follows the backslash' };
    }
    content += text[at];
    offsets.push(at);
  }
  if (quote >= 0) return { offset: quote, message: 'the quote is not closed' };
  return { word: { text: content, line, offsets, offset: start }, end: at };
}
