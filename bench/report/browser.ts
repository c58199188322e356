/**
 * A headless Chromium of our own, driven over its debugging pipe (descriptors 3 and 4, JSON messages that end with a zero byte). It has a
 * profile in a temporary directory, a proxy that does not exist and a resolver that knows no name: whatever a page asks for fails.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

const programs = ['chromium', 'chromium-browser', 'google-chrome'];

/** The path of an installed Chromium; undefined if there is none. */
export function findBrowser(): string | undefined {
  const directories = (process.env['PATH'] ?? '').split(delimiter);
  return programs
    .flatMap((name) => directories.map((directory) => join(directory, name)))
    .find((path) => existsSync(path));
}

type Fields = Readonly<Record<string, unknown>>;

interface Waiting {
  readonly resolve: (result: Fields) => void;
  readonly reject: (error: Error) => void;
}

export interface BrowserEvent {
  readonly method: string;
  readonly params: Fields;
}

const answerTimeoutMs = 30_000;

export class Browser {
  readonly #child: ChildProcess;
  readonly #profile: string;
  readonly #commands: Writable;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(event: BrowserEvent) => void>();
  #received = '';
  #next = 1;

  /** Ends with `close`, which also removes the profile. */
  constructor(program: string) {
    this.#profile = mkdtempSync(join(tmpdir(), 'capstan-browser-'));
    // The sandbox of Chromium refuses to run as root, and in many containers for anybody; the page is one that we wrote.
    const options = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--no-first-run',
      '--hide-scrollbars',
      '--proxy-server=127.0.0.1:9',
      '--host-resolver-rules=MAP * ~NOTFOUND',
      `--user-data-dir=${this.#profile}`,
      '--remote-debugging-pipe',
    ];
    this.#child = spawn(program, [...options, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    });
    this.#child.on('error', (error) => this.#fail(error));
    this.#child.on('exit', () => this.#fail(new Error('the browser has ended')));
    this.#commands = this.#child.stdio[3] as Writable;
    this.#commands.on('error', (error) => this.#fail(error));
    const answers = this.#child.stdio[4] as Readable;
    answers.setEncoding('utf8');
    answers.on('data', (text: string) => this.#receive(text));
    answers.on('error', (error) => this.#fail(error));
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #receive(text: string): void {
    const parts = (this.#received + text).split('\0');
    this.#received = parts.pop() ?? '';
    for (const part of parts) {
      const message = JSON.parse(part) as Fields;
      const id = message['id'];
      if (typeof id !== 'number') {
        const event = { method: String(message['method']), params: (message['params'] ?? {}) as Fields };
        for (const listener of this.#listeners) listener(event);
        continue;
      }
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      const error = message['error'] as { message?: string } | undefined;
      if (error === undefined) waiting?.resolve((message['result'] ?? {}) as Fields);
      else waiting?.reject(new Error(error.message ?? 'refused by the browser'));
    }
  }

  /** Sends a command of the debugging protocol; throws with the browser's reason, or when there is no answer in time. */
  async send(method: string, params: Fields = {}, sessionId?: string): Promise<Fields> {
    const id = this.#next++;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Fields>((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject });
        timer = setTimeout(() => reject(new Error(`no answer to ${method}`)), answerTimeoutMs);
        this.#commands.write(
          `${JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`,
        );
      });
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  /** Returns what ends the listening. */
  listen(listener: (event: BrowserEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends the browser and everything that it started, and removes its profile. */
  async close(): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) resolve();
      else this.#child.once('exit', () => resolve());
    });
    await this.send('Browser.close').catch(() => this.#child.kill('SIGKILL'));
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(timer);
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}
