/** Descriptors, which this transport does not pass: those of a refused message are closed all the same (C32). */
import { loadNative } from '../../broker/native/addon.js';

/** A number that is not open is none of ours. */
export function closeDescriptors(descriptors: readonly number[] | undefined): void {
  for (const descriptor of descriptors ?? []) {
    try {
      loadNative().close(descriptor);
    } catch {
      // It was not open, or is no descriptor.
    }
  }
}
