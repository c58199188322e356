/** What the sockets transport promises. */
import { messageDescriptorsMax, messageHandlesMax, payloadBytesMax } from '../../broker/contract/limits.js';
import type { Manifest } from '../../broker/contract/transport.js';

export const manifest: Manifest = {
  order: 'per-handle',
  multicast: 'loop',
  passesDescriptors: true,
  revocation: 'holder',
  credentials: 'kernel',
  peerEnd: 'event',
  messageBytesMax: payloadBytesMax,
  handlesMax: messageHandlesMax,
  descriptorsMax: messageDescriptorsMax,
  crossHost: false,
  crossProcess: true,
};
