import type { Park } from '../shared/operate/dead-letter';
import type { PubsubClient } from '../shared/pubsub/client';

/** Publishes dead letters to `topic`. The client is made for the first one: most instances never meet any. */
export function createPark(topic: string, project: string | undefined): Park {
  let client: Promise<PubsubClient> | undefined;
  return async (letter) => {
    client ??= import('../shared/pubsub/client').then(({ createPubsub }) => createPubsub(project));
    await (await client).publish(topic, Buffer.from(JSON.stringify(letter)));
  };
}
