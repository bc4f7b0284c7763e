/** Rows of the two source tables as test data: ids and kinds as they are, instants as text (ISO 8601; without an offset, UTC). */
export interface SourceRows {
  users: UserRow[];
  measurements: MeasurementRow[];
}

export interface UserRow {
  user_id: string | null;
  created_at: string | null;
}

export interface MeasurementRow {
  measurement_id: string | null;
  user_id: string | null;
  session_id: string | null;
  created_at: string | null;
  error_type: string | null;
}
