import type { Park } from '../shared/operate/dead-letter';
import type { PubsubClient } from '../shared/pubsub/client';

/** Publishes dead letters to `topic`. Creates the client for the first one, because most instances have none. */
export function createPark(topic: string, project: string | undefined): Park {
  let client: Promise<PubsubClient> | undefined;
  return async (letter) => {
    client ??= import('../shared/pubsub/client').then(({ createPubsub }) => createPubsub(project));
    await (await client).publish(topic, Buffer.from(JSON.stringify(letter)));
  };
}
