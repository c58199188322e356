/** Lists what a manager has loaded, starts one service, and tells what happens to it: `node follow.mjs SERVICE`. */
import { connect, ErrorCode, hasCode } from 'capstan';

const [name = 'web'] = process.argv.slice(2);
// The manager's socket is found as the command finds it; { socket, transport: 'bus' } says otherwise.
const manager = await connect();
try {
  for (const status of await manager.list()) console.log(`${status.name} is ${status.state}`);
  // Subscribed first, so that nothing falls between.
  const events = await manager.events();
  // `find` is for what is loaded already; `load` reads the description if need be.
  const service = await manager.load(name);
  const { state, pid, already } = await service.start();
  console.log(`${name}: ${state}${already ? ' already' : ''}, pid ${pid ?? 'none'}`);
  service.close();
  if (!already) {
    for await (const event of events) {
      console.log(`event ${event.kind}: ${event.service ?? 'the manager'}`);
      // Leaving the loop closes the stream.
      if (event.kind === 'started' && event.service === name) break;
    }
  }
} catch (error) {
  if (hasCode(error, ErrorCode.StartFailed)) console.error(error.message);
  else if (hasCode(error, ErrorCode.NotFound)) console.error(`${error.message}: look at 'capstan list'`);
  else throw error;
  process.exitCode = 1;
} finally {
  // Everything that came from it ends with it: services, streams, handles.
  manager.close();
}
