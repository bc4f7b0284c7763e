import { annotationsDefinition } from '../../metrics/tables';
import type { Annotation } from '../../metrics/tables/annotations';
import { Failure } from '../../platform/failure';
import type { Run } from '../engine';
import { toBigQueryFailure } from './errors';
import { load } from './load';
import { JOB_TIMEOUT_MS, labels, type Session } from './session';

const { name } = annotationsDefinition;

/** Replaces all rows of the table by one job. Without rows it is a DELETE, because an endpoint may refuse an empty load. */
export async function replaceAnnotations(session: Session, run: Run, annotations: readonly Annotation[]): Promise<void> {
  const job = { id: `kpi_export_${run.id}_${name}`, action: 'writing annotations' };
  try {
    if (annotations.length === 0) await removeAll(session, run, job);
    else await load(session, { ...job, tableId: name, rows: annotations, disposition: 'WRITE_TRUNCATE', run });
  } catch (thrown) {
    const failure = toBigQueryFailure(thrown, job.action);
    if (failure.code !== 'NOT_FOUND') throw failure;
    throw new Failure('SCHEMA_DRIFT', `table ${name} does not exist; run: terraform -chdir=infra apply`, { cause: failure });
  }
}

async function removeAll(
  { client, config, jobsUntil, nameTable }: Session,
  run: Run,
  { id, action }: { id: string; action: string },
): Promise<void> {
  const query = {
    query: `DELETE FROM ${nameTable(name)} WHERE TRUE`,
    location: config.location,
    labels: labels(run),
    jobTimeoutMs: JOB_TIMEOUT_MS,
  };
  await jobsUntil(run.signal).perform({ action, id, insert: (jobId) => client.createQueryJob({ ...query, jobId }) });
}
