/**
 * What every transport checks before it sends, written once so that none can forget it.
 */
import { BrokerError, ErrorCode } from './errors.js';
import type { Manifest, Message } from './transport.js';

/**
 * Returns the error that a message deserves on a transport with this manifest, or `undefined` if it may be sent.
 * Does not close descriptors: the caller does, on its one failure path (C32).
 */
export function messageFault(message: Message, manifest: Manifest): BrokerError | undefined {
  const { bytes, handles, descriptors } = message;
  if (!(bytes instanceof Uint8Array)) {
    return new BrokerError(ErrorCode.InvalidArgument, 'a message needs bytes: a Uint8Array');
  }
  if (bytes.byteLength > manifest.messageBytesMax) {
    return new BrokerError(
      ErrorCode.TooLarge,
      `a message of ${bytes.byteLength} bytes exceeds the limit of ${manifest.messageBytesMax}`,
    );
  }
  if (handles !== undefined && handles.length > manifest.handlesMax) {
    return new BrokerError(
      ErrorCode.TooLarge,
      `a message with ${handles.length} handles exceeds the limit of ${manifest.handlesMax}`,
    );
  }
  if (descriptors === undefined || descriptors.length === 0) return undefined;
  if (!manifest.passesDescriptors) {
    return new BrokerError(ErrorCode.Unsupported, 'this transport does not pass descriptors');
  }
  if (descriptors.length > manifest.descriptorsMax) {
    return new BrokerError(
      ErrorCode.TooLarge,
      `a message with ${descriptors.length} descriptors exceeds the limit of ${manifest.descriptorsMax}`,
    );
  }
  for (const descriptor of descriptors) {
    if (!Number.isInteger(descriptor) || descriptor < 0) {
      return new BrokerError(ErrorCode.InvalidArgument, `${descriptor} is not a descriptor`);
    }
  }
  return undefined;
}

/** The error for a message to a node that takes no more than so many bytes (C8); `undefined` if it may be sent. */
export function nodeSizeFault(bytes: number, messageBytesMax: number): BrokerError | undefined {
  if (bytes <= messageBytesMax) return undefined;
  return new BrokerError(
    ErrorCode.TooLarge,
    `a message of ${bytes} bytes exceeds the limit of its node, ${messageBytesMax}`,
  );
}
