import type { Config } from '../shared/platform/config';
import { Failure } from '../shared/platform/failure';

/** Project of topics and subscriptions: the one named, that of a BigQuery warehouse, or the environment's. */
export function projectOf(named: string | undefined, { warehouse }: Config): string | undefined {
  return named ?? (warehouse.engine === 'bigquery' ? warehouse.project : process.env.GOOGLE_CLOUD_PROJECT || undefined);
}

/** The same for a command that needs a project: throws BAD_REQUEST without one. A full name of a topic or subscription has its own. */
export function requireProject(named: string | undefined, config: Config, resource: string): string | undefined {
  const project = projectOf(named, config);
  if (project === undefined && !resource.includes('/'))
    throw new Failure(
      'BAD_REQUEST',
      'expected --project (or GOOGLE_CLOUD_PROJECT): the Google Cloud project in which the functions are deployed',
    );
  return project;
}
