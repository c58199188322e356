/** All decoders that are fuzzed. */
import type { Decoder } from '../decoder.js';
import { busEvents } from './bus-events.js';
import { busRequests } from './bus-requests.js';
import { busServer } from './bus-server.js';
import { control } from './control.js';
import { datagram } from './datagram.js';
import { initEvents } from './init-events.js';
import { sockets } from './sockets.js';
import { socketsHolder, socketsOwner } from './sockets-ends.js';

export const decoders: readonly Decoder[] = [
  busRequests,
  busEvents,
  busServer,
  sockets,
  socketsOwner,
  socketsHolder,
  datagram,
  initEvents,
  control,
];
