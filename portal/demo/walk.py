"""The demo's story, acted through the verbs as its people would: request, approval, search, decisions, path."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic, sleep

from django.utils import timezone

from cameras.models import Camera, Recording
from inference.core.figures import percent
from inference.core.images import encode_jpeg
from inference.core.video import read_frames
from inference.models import Analysis, Sighting
from inference.services.analyses import request_analysis
from investigations.evidence.verify import verify_file
from investigations.models import (
    Answer,
    Candidate,
    Case,
    EvidencePackage,
    LegalBasis,
    PathPoint,
    Search,
    SearchRequest,
)
from investigations.models import Path as FoundPath
from investigations.scope import reach_m
from investigations.services.answers import send_answer
from investigations.services.candidates import decide_candidate
from investigations.services.cases import open_case
from investigations.services.packages import request_package
from investigations.services.requests import RequestTerms, approve_request, file_request, review_request
from investigations.services.reviews import review_candidate
from investigations.services.searches import SearchTerms, Upload, start_search
from portal.demo.footage import CLIP_NAME
from portal.demo.scene import LEFT, RIGHT, Scene
from portal.jobs import Job, JobStatus

CASE_NUMBER = "DEMO-0001"
KNOWN_PERSON = "빨강·남색 점퍼, 짙은 바지 / red and navy jacket, dark trousers"
# In the left half of the demo clip: the man in the red and blue jacket, some seconds before his best picture.
QUERY_FRAME, QUERY_BOX = 550, (140, 350, 238, 530)
# The operator of the demo confirms a candidate from this similarity on, at most four a camera.
CONFIRM_SCORE, CONFIRM_EACH = 0.5, 4
JOB_TIMEOUT_S = 600.0
DESCRIPTION = (
    "Demonstration. The recordings of cameras {left} and {right} are one scene cut in two: the "
    "left half given to one camera and the right half to the other. The same people really walk from one into the "
    "other; the places on the map are not where it was filmed.\n"
    "시연용입니다. 카메라 {left}와 {right}의 영상은 한 장면을 좌우로 나눈 것입니다. "
    "같은 사람이 실제로 두 화면에 차례로 나타나지만, 지도의 위치는 실제 촬영 장소가 아닙니다."
)


VERIFIER = "investigations/evidence/verify.py"


class DemoError(Exception):
    """A step did not end as it should; the message says which and why."""


def analyse_all(scene: Scene, on_progress: Callable[[float], None]) -> list[Analysis]:
    """Have every recording analysed by the worker, those that are not yet, and return the analyses."""
    analyses = [
        recording.analyses.filter(status=JobStatus.DONE).first()
        or recording.analyses.filter(status__in=["queued", "running"]).first()
        or request_analysis(recording, actor=scene.people["operator"])
        for recording in scene.recordings
    ]
    for at, analysis in enumerate(analyses):
        _wait_for(analysis, lambda share, at=at: on_progress((at + share) / len(analyses)))  # type: ignore[misc]
    return analyses


def ask(scene: Scene) -> SearchRequest:
    """The officer opens a case and asks; the supervisor approves."""
    officer, supervisor = scene.people["officer"], scene.people["supervisor"]
    case = Case.objects.filter(number=CASE_NUMBER).first() or open_case(
        number=CASE_NUMBER,
        title="호수공원 실종자 (시연)",
        kind=Case.Kind.MISSING_ADULT,
        description=DESCRIPTION.format(left=LEFT, right=RIGHT),
        actor=officer,
    )
    first = scene.recordings[0]
    terms = RequestTerms(
        centre=scene.centre,
        basis=LegalBasis.objects.get(code="danger-to-life"),
        purpose="실종자 수색 (시연) / Search for a missing person (demonstration)",
        wanted=KNOWN_PERSON if _is_known_clip(first) else "검색 사진 참조 / see the picture",
        last_seen_place=first.camera.name,
        last_seen_at=first.started_at,
        last_seen_latitude=first.camera.latitude,
        last_seen_longitude=first.camera.longitude,
    )
    request = case.requests.first() or file_request(case, terms, actor=officer)
    if request.status == SearchRequest.Status.SUBMITTED:
        approve_request(request, reason="시연", actor=supervisor)
    return request


def search_for_person(request: SearchRequest, scene: Scene) -> Search:
    """The operator searches every camera that the legal basis covers, by a picture of the person."""
    known = request.searches.filter(status=JobStatus.DONE).last()
    if known:
        return known
    operator = scene.people["operator"]
    margin = timedelta(minutes=5)
    terms = SearchTerms(
        cameras=_within_scope(Camera.objects.visible_to(operator), request),
        starts_at=min(row.started_at for row in scene.recordings) - margin,
        ends_at=max(row.ends_at for row in scene.recordings) + margin,
        reason="시연",
        **_query(scene.recordings[0]),  # type: ignore[arg-type]
    )
    search = start_search(request, terms, actor=operator)
    _wait_for(search, lambda share: None)
    return search


def _within_scope(cameras: Iterable[Camera], request: SearchRequest) -> list[Camera]:
    """The cameras within the radius that the request may search."""
    return [camera for camera in cameras if reach_m([camera.position], request.place) <= (request.radius_m or 0)]


def confirm_leaders(search: Search, scene: Scene) -> None:
    """Confirm the leading candidates of each camera, as the operator would after looking at them."""
    confirmed: Counter[int] = Counter()
    for candidate in search.candidates.select_related("sighting"):
        camera_id = candidate.sighting.camera_id
        if (candidate.score or 0.0) < CONFIRM_SCORE or confirmed[camera_id] == CONFIRM_EACH:
            continue
        confirmed[camera_id] += 1
        if candidate.decision == Candidate.Decision.PENDING:
            decide_candidate(candidate, Candidate.Decision.CONFIRMED, reason="시연", actor=scene.people["operator"])


def second_opinion(search: Search, scene: Scene) -> None:
    """The supervisor, who does not know the operator's decisions, looks at the same candidates and agrees."""
    for candidate in search.candidates.confirmed().without_second_review():
        review_candidate(candidate, Candidate.Decision.CONFIRMED, reason="시연", actor=scene.people["supervisor"])


def answer_station(request: SearchRequest, search: Search, scene: Scene) -> Answer:
    """The operator answers with what two people have confirmed."""
    known = request.answers.first()
    if known:
        return known
    operator = scene.people["operator"]
    review_request(request, reason="시연", actor=operator)
    text = (
        "호수공원 산책로에서 확인된 이동 경로를 회신합니다. (시연)\n"
        "The person was seen on the path by the lake; the path is attached. (Demonstration)"
    )
    return send_answer(request, list(search.candidates.agreed()), text, actor=operator)


def package_evidence(answer: Answer, scene: Scene, on_progress: Callable[[float], None]) -> EvidencePackage:
    """The operator has the evidence package made: bystanders masked, signed, checked by its own verifier."""
    known = answer.packages.filter(status=JobStatus.DONE).first()
    package = known or request_package(answer, reason="시연", actor=scene.people["operator"])
    _wait_for(package, on_progress)
    result = verify_file(Path(package.file.path), key="".join(package.key_fingerprint.split()))
    if not result.is_intact:
        raise DemoError(f"The evidence package {package} does not verify.")
    return package


def summary(
    scene: Scene, analyses: list[Analysis], search: Search, path: FoundPath, package: EvidencePackage
) -> Iterator[str]:
    """The lines that the demo ends with: what was read, found, decided and drawn, in figures."""
    seconds = sum(analysis.seconds or 0 for analysis in analyses)
    footage_s = sum(recording.duration_s for recording in scene.recordings)
    frames = sum(analysis.frames_read for analysis in analyses)
    rows = Sighting.objects.filter(recording__in=scene.recordings).current()
    tracks = f"{rows.count()} tracks, one sighting each ({rows.filter(is_small=True).count()} small)"
    yield f"Analysed    {footage_s:.0f} s of footage, {frames} frames looked at, {tracks}"
    yield f"            in {seconds:.1f} s: {footage_s / max(seconds, 0.01):.1f} times faster than real time"
    compared = f"{search.sightings_compared} sightings of persons compared"
    yield f"Search      {search}: {compared}, {search.candidates.count()} candidates, the first:"
    for rank, candidate in enumerate(search.candidates.select_related("sighting__camera")[:8], start=1):
        row = candidate.sighting
        yield f"  {rank:2}.  {candidate.score or 0.0:.3f}  {_clock(row.seen_at)}  {row.camera}  {candidate.decision}"
    yield "Path"
    for point in path.points.select_related("sighting__camera"):
        row = point.sighting
        yield f"  {point.number:2}.  {_clock(row.first_seen_at)}  {row.camera}{_hop(point)}"
    certificate = package.answer.certificate
    yield f"Answer      {package.answer}: {package.answer.items.count()} sightings, each confirmed by two people;"
    yield f"            {percent(certificate['share'])} of the hours asked for were recorded and searched"
    yield f"Evidence    {package.file.path} ({package.size / 1e6:.1f} MB), verified; check it yourself:"
    yield f"            python {VERIFIER} {package.file.path}"


def _hop(point: PathPoint) -> str:
    if point.hop_m is None:
        return ""
    speed = f", {point.speed_mps:.1f} m/s" if point.speed_mps is not None else ""
    flag = "  IMPOSSIBLE" if point.is_impossible else ""
    return f"  (+{point.hop_m:.0f} m in {point.hop_s:.0f} s{speed}){flag}"


def _clock(moment: datetime) -> str:
    return timezone.localtime(moment).strftime("%H:%M:%S")


def _query(recording: Recording) -> dict[str, object]:
    """A picture of the person from the demo clip; of a clip of one's own, the largest sighting of its left half."""
    if _is_known_clip(recording):
        for frame in read_frames(Path(recording.file.path)):
            if frame.index == QUERY_FRAME:
                x1, y1, x2, y2 = QUERY_BOX
                content = encode_jpeg(frame.image[y1:y2, x1:x2], quality=95)
                return {"uploads": [Upload("missing-person.jpg", content)]}
    persons = recording.sightings.current().filter(kind=Sighting.Kind.PERSON)
    largest = max(persons, key=lambda row: (row.x2 - row.x1) * (row.y2 - row.y1), default=None)
    if largest is None:
        raise DemoError("Nobody was seen in the left half of this footage. Name another with FOOTAGE=…")
    return {"sightings": [largest]}


def _is_known_clip(recording: Recording) -> bool:
    return recording.original_name.startswith(Path(CLIP_NAME).stem)


def _wait_for(job: Job, on_progress: Callable[[float], None]) -> None:
    deadline = monotonic() + JOB_TIMEOUT_S
    while job.is_open:
        if monotonic() > deadline:
            raise DemoError(f"{job} did not end within {JOB_TIMEOUT_S:.0f} s. See the worker's log in var/log.")
        sleep(0.2)
        job.refresh_from_db()
        on_progress(job.progress)
    if job.status != JobStatus.DONE:
        raise DemoError(f"{job}: {job.get_status_display()}. {job.error}")
