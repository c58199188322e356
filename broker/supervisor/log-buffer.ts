/**
 * What a service with `log-type = buffer` wrote: its newest lines, each with the time at which its first byte was read.
 * The oldest lines give way to newer ones and are counted (the format's own manager drops the newest, and its users asked
 * for this). A line is what ends in a newline; one that grows past `lineBytesMax` is cut there and goes on as the next.
 *
 * Bounded: complete lines together with the unfinished one never hold more than `capacityBytes` bytes, newlines included.
 */

/** One line, without its newline. Bytes that are not UTF-8 have become U+FFFD. */
export interface LogLine {
  /** Counts the lines of this service from 1 and never goes back, so that a reader can see what it missed. */
  readonly number: number;
  /** When its first byte was read. */
  readonly wallMs: number;
  readonly text: string;
}

/** What `read` returns. */
export interface LogExtract {
  readonly lines: readonly LogLine[];
  /** Lines that had to give way since the buffer was made or cleared. */
  readonly droppedLines: number;
  /** What has been written of the next line, if anything. */
  readonly unfinished: string;
}

interface StoredLine {
  readonly line: LogLine;
  readonly bytes: number;
}

const newline = 10;

/** Longest line that is kept whole. */
export const lineBytesMax = 8192;

export class LogBuffer {
  readonly #capacityBytes: number;
  readonly #lineBytesMax: number;
  /** A queue: `#first` is the index of the oldest line; the array is compacted when half of it is behind. */
  #lines: StoredLine[] = [];
  #first = 0;
  #bytes = 0;
  #dropped = 0;
  #number: number;
  #unfinished: Uint8Array[] = [];
  #unfinishedBytes = 0;
  #unfinishedSinceMs = 0;

  /** `firstNumber` is the number of the first line. */
  constructor(capacityBytes: number, firstNumber = 1) {
    this.#number = firstNumber - 1;
    this.#capacityBytes = Math.max(capacityBytes, 64);
    this.#lineBytesMax = Math.min(lineBytesMax, this.#capacityBytes - 1);
  }

  /** Bytes of the lines that are kept, the unfinished one included. */
  get bytes(): number {
    return this.#bytes + this.#unfinishedBytes;
  }

  /** Appends what was read; `bytes` is copied where it is kept. Returns the lines that it completed. */
  append(bytes: Uint8Array, wallMs: number): readonly LogLine[] {
    const completed: LogLine[] = [];
    let from = 0;
    while (from < bytes.length) {
      if (this.#unfinishedBytes === 0) this.#unfinishedSinceMs = wallMs;
      const room = this.#lineBytesMax - this.#unfinishedBytes;
      const end = bytes.indexOf(newline, from);
      const isWhole = end >= 0 && end - from <= room;
      const to = isWhole ? end : Math.min(bytes.length, from + room);
      if (to > from) this.#unfinished.push(bytes.slice(from, to));
      this.#unfinishedBytes += to - from;
      if (isWhole || this.#unfinishedBytes >= this.#lineBytesMax) completed.push(this.#finish());
      from = isWhole ? to + 1 : to;
    }
    this.#shrink();
    return completed;
  }

  /** Ends the unfinished line, for example because its process has ended. Returns it, if there was one. */
  flush(): LogLine | undefined {
    return this.#unfinishedBytes > 0 ? this.#finish() : undefined;
  }

  /** The newest `linesMax` lines with a higher number than `after`, oldest first. */
  read(after = 0, linesMax: number = Number.POSITIVE_INFINITY): LogExtract {
    const behind = this.#number - after;
    const count = Math.min(Math.max(0, behind), linesMax, this.#lines.length - this.#first);
    return {
      lines: this.#lines.slice(this.#lines.length - count).map((stored) => stored.line),
      droppedLines: this.#dropped,
      unfinished: Buffer.concat(this.#unfinished).toString(),
    };
  }

  /** Forgets all lines; their numbers go on. */
  clear(): void {
    this.#lines = [];
    this.#first = 0;
    this.#bytes = 0;
    this.#dropped = 0;
    this.#unfinished = [];
    this.#unfinishedBytes = 0;
  }

  #finish(): LogLine {
    const text = Buffer.concat(this.#unfinished).toString();
    const bytes = this.#unfinishedBytes + 1;
    this.#unfinished = [];
    this.#unfinishedBytes = 0;
    this.#number += 1;
    const line = { number: this.#number, wallMs: this.#unfinishedSinceMs, text };
    this.#lines.push({ line, bytes });
    this.#bytes += bytes;
    return line;
  }

  #shrink(): void {
    while (this.#bytes + this.#unfinishedBytes > this.#capacityBytes && this.#first < this.#lines.length) {
      this.#bytes -= this.#lines[this.#first]?.bytes ?? 0;
      this.#first += 1;
      this.#dropped += 1;
    }
    if (this.#first > 64 && this.#first * 2 > this.#lines.length) {
      this.#lines = this.#lines.slice(this.#first);
      this.#first = 0;
    }
  }
}
