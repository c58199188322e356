/** Descriptors that a fuzzed packet carries: what an attacker could send, of several kinds. */
import { closeSync, openSync } from 'node:fs';
import { loadNative } from '../../broker/native/addon.js';

export class Planted {
  readonly #kept: number[] = [];

  /** New descriptors, the caller's; of every second the other end stays here. */
  take(count: number): number[] {
    return Array.from({ length: count }, (_, index) => {
      if (index % 2 === 1) return openSync('/dev/null', 'r');
      const [given, kept] = loadNative().socketpair();
      this.#kept.push(kept);
      return given;
    });
  }

  /** Closes the other ends. */
  close(): void {
    for (const descriptor of this.#kept.splice(0)) closeSync(descriptor);
  }
}
