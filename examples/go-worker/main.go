// A whole AgentMesh worker over generated stubs alone. Its rules: proto/README.md, "The smallest worker".
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	mesh "agentmesh.example/go-worker/gen/agentmesh/v1"
	parcels "agentmesh.example/go-worker/gen/courier/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/protobuf/proto"
)

const agentType = "go-courier"

// courier is what the agents do: they stamp a parcel, send it along its route, and answer with it, whole or in pieces.
func courier(t *turn, message proto.Message) *mesh.Error {
	parcel, isWhole := message.(*parcels.Parcel)
	if !isWhole {
		parcel = message.(*parcels.Unpack).Parcel
	}
	if parcel.GetWeightGrams() == 0 {
		return &mesh.Error{Text: "a parcel without weight is lost", AppCode: "WEIGHTLESS"}
	}
	parcel.Stamps = append(parcel.Stamps, &parcels.Stamp{Agent: t.agent.Type + "/" + t.agent.Key, WeightGrams: parcel.WeightGrams})
	if len(parcel.Route) > 0 {
		target := &mesh.AgentId{Type: parcel.Route[0], Key: t.agent.Key}
		parcel.Route = parcel.Route[1:]
		sent, err := t.client.Send(t, &mesh.SendRequest{Target: target, Content: pack(parcel)})
		if err != nil {
			return &mesh.Error{Text: err.Error()}
		}
		back, failed := unpack(sent.Reply)
		if failed != nil {
			return failed
		}
		parcel = back.(*parcels.Parcel)
	}
	if isWhole {
		return t.answer(parcel)
	}
	for number := range int64(message.(*parcels.Unpack).Pieces) {
		if failed := t.answer(&parcels.Parcel{Number: number + 1, Stamps: parcel.Stamps}); failed != nil {
			return failed
		}
	}
	return nil
}

func unpack(content *mesh.Content) (message proto.Message, failed *mesh.Error) {
	switch content.GetMessageType() {
	case "courier.v1.Parcel":
		message = &parcels.Parcel{}
	case "courier.v1.Unpack":
		message = &parcels.Unpack{}
	default:
		return nil, &mesh.Error{Code: mesh.ErrorCode_ERROR_CODE_MESSAGE_UNHANDLED, Text: agentType + " takes parcels only"}
	}
	if err := proto.Unmarshal(content.Data, message); err != nil {
		return nil, &mesh.Error{Code: mesh.ErrorCode_ERROR_CODE_PAYLOAD_INVALID, Text: err.Error()}
	}
	return message, nil
}

func pack(message proto.Message) *mesh.Content {
	data, _ := proto.Marshal(message) // text that came in as valid UTF-8 goes out again
	name := string(message.ProtoReflect().Descriptor().FullName())
	return &mesh.Content{MessageType: name, ContentType: "application/x-protobuf", Data: data}
}

// From here on it is everything that a worker must say, whatever its agents do.
var (
	host      = cmp.Or(os.Getenv("AGENTMESH_ADDRESS"), "127.0.0.1:50051")
	sequences atomic.Uint64 // of publishes, over all sessions
	handles   = []*mesh.MessageSchema{{MessageType: "courier.v1.Parcel"}, {MessageType: "courier.v1.Unpack"}}
	posted    = &mesh.Subscription_TopicType{TopicType: "posted." + agentType}
	hello     = &mesh.Hello{VersionMin: 1, VersionMax: 1, Name: agentType, InstanceId: rand.Text(),
		AgentTypes:    []*mesh.AgentType{{Name: agentType, Handles: handles}},
		Subscriptions: []*mesh.Subscription{{Id: "posted", AgentType: agentType, Match: posted}}}
	cancelled = &mesh.Error{Code: mesh.ErrorCode_ERROR_CODE_CANCELLED, Text: "the turn was cancelled"}
)

// A session is one stream to the host. What is in flight when it breaks is over, and the next one begins anew.
type session struct {
	client mesh.ClientServiceClient
	stream grpc.BidiStreamingClient[mesh.ConnectRequest, mesh.ConnectResponse]
	saying sync.Mutex
	turns  sync.Map                 // by delivery
	last   map[uint64]chan struct{} // by activation: closed when its latest turn has ended
}

// A turn is one delivery on its way through its agent. Its context is done when it is cancelled or its session is over.
type turn struct {
	context.Context
	cancel context.CancelFunc
	*session
	agent             *mesh.AgentId
	content           *mesh.Content
	end               *mesh.TurnEnd
	isEvent, isStream bool
	chunks, bytes     int // credit of a stream of replies
	credits           chan *mesh.StreamCredit
}

func (s *session) say(frame *mesh.WorkerFrame) error {
	s.saying.Lock()
	defer s.saying.Unlock()
	return s.stream.Send(&mesh.ConnectRequest{Frames: []*mesh.WorkerFrame{frame}}) // when it fails, so does Recv
}

func (s *session) take(frame *mesh.HostFrame) {
	switch kind := frame.Kind.(type) {
	case *mesh.HostFrame_Welcome:
		fmt.Println(agentType, "connected to", host)
	case *mesh.HostFrame_Ping:
		go s.say(&mesh.WorkerFrame{Kind: &mesh.WorkerFrame_Pong{Pong: &mesh.Pong{Nonce: kind.Ping.Nonce}}})
	case *mesh.HostFrame_Deliver:
		d := kind.Deliver
		s.start(d, &turn{agent: d.Target, content: d.Content, isStream: d.StreamChunks > 0,
			chunks: int(d.StreamChunks), bytes: int(d.StreamBytes)})
	case *mesh.HostFrame_Event:
		for _, target := range kind.Event.Targets {
			s.start(target, &turn{agent: target.Agent, content: kind.Event.Content, isEvent: true})
		}
	case *mesh.HostFrame_Deactivate:
		for _, activation := range kind.Deactivate.Activations {
			delete(s.last, activation)
		}
	case *mesh.HostFrame_CancelDelivery:
		if t, runs := s.turns.Load(kind.CancelDelivery.Delivery); runs {
			t.(*turn).cancel()
		}
	case *mesh.HostFrame_StreamCredit:
		if t, runs := s.turns.Load(kind.StreamCredit.Stream); runs {
			go t.(*turn).grant(kind.StreamCredit)
		}
	}
}

// start begins a turn when the latest one of its activation has ended.
func (s *session) start(job interface {
	GetDelivery() uint64
	GetActivation() uint64
}, t *turn) {
	t.Context, t.cancel = context.WithCancel(s.stream.Context())
	t.session, t.credits = s, make(chan *mesh.StreamCredit)
	t.end = &mesh.TurnEnd{Delivery: job.GetDelivery(), Activation: job.GetActivation()}
	s.turns.Store(t.end.Delivery, t)
	before, ended := s.last[t.end.Activation], make(chan struct{})
	s.last[t.end.Activation] = ended
	go func() {
		defer close(ended)
		if before != nil {
			select {
			case <-before:
			case <-t.Done():
				defer func() { <-before }() // who is cancelled while it waits lets nobody pass
			}
		}
		t.run()
	}()
}

// run handles the message and ends the delivery in any case.
func (t *turn) run() {
	message, failed := unpack(t.content)
	if t.Err() != nil {
		failed = cancelled
	}
	if failed == nil {
		failed = courier(t, message)
	}
	if failed != nil {
		t.end.Publishes, t.end.Outcome = nil, &mesh.TurnEnd_Error{Error: failed}
	}
	t.turns.Delete(t.end.Delivery)
	t.cancel()
	t.say(&mesh.WorkerFrame{Kind: &mesh.WorkerFrame_TurnEnd{TurnEnd: t.end}})
}

// answer takes the reply, an element of a stream of replies, or what is published when an event has been handled.
func (t *turn) answer(message proto.Message) *mesh.Error {
	content := pack(message)
	switch {
	case t.isEvent:
		t.end.Publishes = append(t.end.Publishes, &mesh.Publish{Sequence: sequences.Add(1),
			Topic: &mesh.TopicId{Type: "delivered", Source: t.agent.Key}, Content: content})
	case t.isStream:
		for t.chunks <= 0 || t.bytes <= 0 {
			select {
			case credit := <-t.credits:
				t.chunks, t.bytes = t.chunks+int(credit.Chunks), t.bytes+int(credit.Bytes)
			case <-t.Done():
				return cancelled
			}
		}
		t.chunks, t.bytes = t.chunks-1, t.bytes-proto.Size(content)
		chunk := &mesh.ReplyChunk{Delivery: t.end.Delivery, Activation: t.end.Activation, Content: content}
		t.say(&mesh.WorkerFrame{Kind: &mesh.WorkerFrame_Chunk{Chunk: chunk}})
	default:
		t.end.Outcome = &mesh.TurnEnd_Reply{Reply: content}
	}
	return nil
}

func (t *turn) grant(credit *mesh.StreamCredit) {
	select {
	case t.credits <- credit:
	case <-t.Done():
	}
}

// connect opens one session and returns why it is over.
func connect(channel *grpc.ClientConn) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stream, err := mesh.NewGatewayServiceClient(channel).Connect(ctx)
	if err != nil {
		return err
	}
	s := &session{client: mesh.NewClientServiceClient(channel), stream: stream, last: map[uint64]chan struct{}{}}
	s.say(&mesh.WorkerFrame{Kind: &mesh.WorkerFrame_Hello{Hello: hello}})
	for {
		batch, err := stream.Recv()
		if err != nil {
			return err
		}
		for _, frame := range batch.Frames {
			s.take(frame)
		}
	}
}

func main() {
	channel, err := grpc.NewClient(host, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(5<<20)))
	if err != nil {
		panic(err)
	}
	for {
		fmt.Println(agentType, "lost", host+":", connect(channel))
		time.Sleep(200 * time.Millisecond)
	}
}
