/** Closing of descriptors that nobody will use. */
import { closeSync } from 'node:fs';

/** Closes all; one that is not open is passed over, since there is nobody who could do anything about it. */
export function closeDescriptors(descriptors: readonly number[]): void {
  for (const descriptor of descriptors) {
    try {
      closeSync(descriptor);
    } catch {
      // Not open, or not a descriptor: the caller's mistake is reported elsewhere.
    }
  }
}
