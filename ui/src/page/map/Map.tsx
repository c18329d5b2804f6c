export function TrafficMap() {
  return null
}
