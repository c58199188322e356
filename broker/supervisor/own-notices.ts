/**
 * A manager that runs as somebody's service says itself how it is (sd_notify(3), supervisor U20): ready, stopping, and signs of life
 * where they are asked for. Nothing depends on that: what cannot be sent is not said.
 *
 * Whom `WATCHDOG_PID` names is init, which was started; its watchdog watches the broker, and the broker speaks for both.
 */
import type { Time, Timer } from '../contract/index.js';
import { loadNative } from '../native/addon.js';

export interface OwnNoticesParts {
  readonly time: Time;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A sign of life is given this often within the time in which one is expected. */
const signsPerWatchdog = 3;

export class OwnNotices {
  readonly #path: string | undefined;
  readonly #watchdogMs: number;
  readonly #timer: Timer;

  constructor({ time, environment }: OwnNoticesParts) {
    const path = environment['NOTIFY_SOCKET'];
    // Other kinds of addresses (vsock) are for other machines.
    this.#path = path !== undefined && /^[/@]/.test(path) ? path : undefined;
    const usec = environment['WATCHDOG_USEC'] ?? '';
    this.#watchdogMs = /^[1-9]\d{0,18}$/.test(usec) ? Number(usec) / 1000 : 0;
    this.#timer = time.createTimer(() => this.#giveSign());
  }

  ready(): void {
    this.#say('READY=1');
    if (this.#watchdogMs > 0) this.#giveSign();
  }

  stopping(): void {
    this.#say('STOPPING=1');
  }

  close(): void {
    this.#timer.disarm();
  }

  #giveSign(): void {
    if (!this.#say('WATCHDOG=1')) return;
    this.#timer.arm(this.#watchdogMs / signsPerWatchdog);
  }

  /** False where there is nobody to say it to. */
  #say(text: string): boolean {
    if (this.#path === undefined) return false;
    const bytes = Buffer.from(text);
    try {
      loadNative().sendDatagram(this.#path, bytes, 0, bytes.length);
      return true;
    } catch {
      return false;
    }
  }
}
