/**
 * The bus with real sockets: a connection that keeps no rules sends packets with descriptors of all kinds to a real server, while an
 * honest client goes on working. What the router makes of each packet is looked at closer in `bus-requests.ts`.
 */
import { clientPacketFault, Fault } from '../../../transports/bus/wire.js';
import { eventually, turns, within } from '../../support/eventually.js';
import { rawConnect } from '../../support/raw-connection.js';
import type { Decoder, Probe } from '../decoder.js';
import { exactView } from '../packet.js';
import { Planted } from '../planted.js';
import { busRequests, hello, withSerials } from './bus-requests.js';
import { assault, finish, openHonestWorld } from './sockets-ends.js';

async function open(): Promise<Probe> {
  const world = await openHonestWorld('bus');
  return {
    close: world.close,
    check: async (input) => {
      const planted = new Planted();
      const raw = rawConnect(world.loop, world.path);
      raw.send(hello);
      await eventually('a welcome', () => raw.packets.length > 0);
      const isBad = await assault(
        raw,
        withSerials(input),
        planted,
        ({ bytes, descriptors }) =>
          clientPacketFault(exactView(bytes), 0, bytes.length, descriptors) === Fault.None,
      );
      if (isBad) await within('F1: the end of the connection', raw.ended);
      await turns(2);
      const how = raw.isEnded ? 'ended' : 'open';
      finish(raw, planted);
      await world.demandUnmoved();
      return how;
    },
  };
}

export const busServer: Decoder = { name: 'bus-server', cases: busRequests.cases, runs: 100, open };
