"""Small data in exactly the layouts that the three projects publish, with their oddities."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

ONSET = datetime(2022, 8, 22, 4, 36, 3, tzinfo=UTC)


def lines(path: Path, *rows: str) -> None:
    """Write a text file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")


def rcaeval(root: Path) -> Path:
    """RE1 (one wide table) and RE2 (metrics, logs, traces), 24 minutes around the injection."""
    onset = int(ONSET.timestamp())
    seconds = range(onset - 720, onset + 721, 5)
    re1 = root / "RE1" / "RE1-OB" / "cartservice_cpu" / "1"
    lines(re1 / "inject_time.txt", str(onset))
    rows = [
        f"{t},{0.3 if t < onset else 75.0},0.004,{'' if t == onset else '4e7'},7.5,0.1,9,3,{t}"
        for t in seconds
    ]
    head = (
        "time,cartservice_cpu,frontend_latency,cartservice_mem,frontend_load,main_cpu,PassthroughCluster_load,"
        "frontend-external_load,time.1"
    )
    lines(re1 / "data.csv", head, *rows, "NaN" + ",NaN" * 8)
    re2 = root / "RE2" / "RE2-OB" / "checkoutservice_f1" / "2"
    lines(re2 / "inject_time.txt", str(onset))
    lines(root / "RE2" / "RE2-OB" / "multi-source-data" / "inject_time.txt", str(onset))  # an example
    rows = [f"{t},{0.1 if t < onset else 0.9},5.5,12,0" for t in seconds]
    head = "time,checkoutservice_latency-50,frontend_workload,checkoutservice_socket,frontend_error"
    lines(re2 / "simple_metrics.csv", head, *rows)
    lines(re2 / "metrics.csv", "time,ignored_container-cpu-usage-seconds-total", *(f"{t},1" for t in seconds))
    lines(
        re2 / "logs.csv",
        "time,timestamp,container_name,message,level,req_path,error,cluster_id,log_template",
        *(f'04:30,{t}000000001,checkoutservice,"order, {t}",WARNING,,,1,x' for t in seconds),
        "04:30,not a time,checkoutservice,lost,info,,,1,x",
    )
    lines(
        re2 / "traces.csv",
        "time,traceID,spanID,serviceName,methodName,operationName,startTimeMillis,startTime,duration,"
        "statusCode,parentSpanID",
        *(f"04:30,t{t},a,frontendservice,R,Recv.,{t}000,{t}000000,900,200,,"[:-1] for t in seconds),
        *(f"04:30,t{t},b,checkoutservice,P,PlaceOrder,{t}000,{t}000100,700,2.0,a" for t in seconds),
        f"04:30,t0,c,checkoutservice,P,PlaceOrder,0,{onset}000000,5,0.0,",
    )
    return root


def petshop(root: Path) -> Path:
    """One scenario with its quiet time and two issues; a blank is a gap."""
    scenario = root / "dataset" / "low_traffic"
    nodes = ["PetSite", "pay_AWS::ECS::Container", "sqs_AWS::SQS::Queue"]
    lines(
        scenario / "graph.csv",
        "," + ",".join(nodes),
        f"{nodes[0]},0.0,1.0,1.0",
        f"{nodes[1]},0.0,0.0,0.0",
        f"{nodes[2]},0.0,0.0,0.0",
    )
    start = int(datetime(2023, 4, 19, 3, 37, tzinfo=UTC).timestamp())
    _petshop_metrics(scenario / "noissue" / "metrics.csv", nodes, start + 10_000_000, 40, 1.0)
    for number, split in ((3, "test"), (0, "train")):
        folder = scenario / split / f"issue_{number}"
        _petshop_metrics(folder / "metrics.csv", nodes, start, 5, 4.0)
        target = {"node": nodes[0], "metric": "latency", "agg": "Average", "timestamp": start + 586}
        cause = {"node": nodes[1], "metric": None}
        lines(folder / "target.json", json.dumps({"target": target, "root_cause": cause, "metadata": {}}))
    return root


def _petshop_metrics(path: Path, nodes: list[str], start: int, steps: int, slow: float) -> None:
    kinds = [("latency", "Average"), ("latency", "p90"), ("requests", "Sum"), ("availability", "Average")]
    columns = [(node, metric, agg) for metric, agg in kinds for node in nodes]
    rows = []
    for step in range(steps):
        value = slow if step >= 2 else 1.0
        cells = [
            "" if node == nodes[2] and metric == "latency" else f"{value}" for node, metric, _ in columns
        ]
        rows.append(f"{start + 300 * step}.0,{','.join(cells)}")
    lines(
        path,
        "microservice," + ",".join(node for node, _, _ in columns),
        "metric," + ",".join(metric for _, metric, _ in columns),
        "statistic," + ",".join(agg for _, _, agg in columns),
        "unix_timestamp" + "," * len(columns),
        *rows,
    )


_POD = (
    "Time,TimeStamp,PodName,CpuUsage(m),CpuUsageRate(%),MemoryUsage(Mi),MemoryUsageRate(%),SyscallRead,"
    "SyscallWrite,NetworkReceiveBytes,NetworkTransmitBytes,PodClientLatencyP90(s),PodServerLatencyP90(s),"
    "PodClientLatencyP95(s),PodServerLatencyP95(s),PodClientLatencyP99(s),PodServerLatencyP99(s),"
    "PodWorkload(Ops),PodSuccessRate(%),NodeCpuUsageRate(%),NodeMemoryUsageRate(%),NodeNetworkReceiveBytes"
)
_SPANS = "TraceID,SpanID,ParentID,PodName,OperationName,StartTimeUnixNano,EndTimeUnixNano,Duration"
_LOGS = "Timestamp,TimeUnixNano,Node,PodName,Container,TraceID,SpanID,Log"
FRONT, CART = "frontend-579b9bff58-t2dbm", "cartservice-579f59597d-wc2lz"


def nezha(root: Path) -> Path:
    """One day of both folders: two pods, the front, the edges, and the minute of one injection."""
    day = root / "rca_data" / "2022-08-22"
    fault = {
        "inject_time": f"{ONSET:%Y-%m-%d %H:%M:%S}",
        "inject_timestamp": str(
            int(ONSET.timestamp()) - 8 * 3600
        ),  # off by a time zone on one day of the set
        "inject_pod": CART,
        "inject_type": "cpu_contention",
    }
    lines(day / "2022-08-22-fault_list.json", json.dumps({"04": [fault]}))
    for folder in (day, root / "construct_data" / "2022-08-22"):
        _nezha_metrics(folder / "metric")
    _nezha_minute(day, ONSET)
    _nezha_minute(root / "construct_data" / "2022-08-22", ONSET.replace(hour=3, minute=51))
    return root


def _nezha_metrics(folder: Path) -> None:
    minutes = [ONSET.replace(hour=3, minute=51, second=19) + timedelta(minutes=n) for n in range(240)]
    stamps = [
        f"{t:%Y-%m-%d %H:%M:%S}.640328427 +0000 UTC m=+0.14,{int(t.timestamp()) + 2 * 10**8}" for t in minutes
    ]
    for pod in (FRONT, CART):
        cells = (
            "2.8,9.4,33.4,26.1,524,488,5991.0,53121.4,0.0046,0.0047,,0.0049,0.0049,0.02,9.0,0,12.6,46.4,41"
        )
        lines(folder / f"{pod}_metric.csv", _POD, *(f"{stamp},{pod},{cells}" for stamp in stamps))
    front = (
        "Time,TimeStamp,ServiceName,SuccessRate(%),LatencyP50(s),LatencyP90(s),LatencyP95(s),LatencyP99(s)"
    )
    lines(
        folder / "front_service.csv", front, *(f"{stamp},Frontend,100,0.24,1.1,1.8,2.3" for stamp in stamps)
    )
    lines(
        folder / "dependency.csv",
        "Source,Target,Weight",
        "frontend,cartservice,1",
        "cartservice,33.33.33.80,1",
    )
    for side in ("source", "destination"):
        rows = [f"{stamp},0.003" for stamp in stamps]
        lines(folder / f"{side}_50.csv", "time,timestamp,frontend_cartservice", *rows)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _nezha_minute(folder: Path, at: datetime) -> None:
    ns = int(at.timestamp()) * 10**9
    name = f"{at:%H_%M}"
    lines(
        folder / "trace" / f"{name}_trace.csv",
        _SPANS,
        f"t1,s1,root,{FRONT},hipstershop.Frontend/Recv.,{ns + 1500},{ns + 9_001_500},9000",
        f"t1,s2,s1,{CART},hipstershop.CartService/GetCart,{ns + 2500},{ns + 7_002_500},7000",
    )
    plain = json.dumps({"log": "12:36:03.418 ERROR c.CartImpl#3 TraceID: t1 SpanID: s2 [get][no cart]\n"})
    inner = json.dumps({"severity": "warning", "message": "TraceID: t1 SpanID: s1 slow"})
    wrapped = json.dumps({"log": f"{inner}\n", "stream": "stdout"})
    lines(
        folder / "log" / f"{name}_log.csv",
        _LOGS,
        *(
            f"{at:%Y-%m-%dT%H:%M:%S}Z,{ns + n},33.33.33.80,{pod},server,t1,{span}," + _quoted(text)
            for n, (pod, span, text) in enumerate([(CART, "s2", plain), (FRONT, "s1", wrapped)])
        ),
    )
    lines(folder / "traceid" / f"{name}_traceid.csv", "t1")
